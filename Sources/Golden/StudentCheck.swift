package import Networks

/// One golden student network: what to build, its input and its expected output.
package struct StudentCheck: Sendable {
  /// The entry's name in the recording.
  package let name: String
  package let network: StudentNetwork
  package let parameters: FormulaWeights
  private let entry: GoldenFile.Entry
  private let seed: UInt64

  /// One line of a report: an endpoint and its error.
  package struct Finding: Sendable {
    package let endpoint: String
    /// Relative error; infinite if the engine returned nothing comparable.
    package let error: Double

    package init(endpoint: String, error: Double) {
      self.endpoint = endpoint
      self.error = error
    }
  }

  /// The recorded students, and the names of entries that only the offline engine supports.
  package static func all(in file: GoldenFile) throws(GoldenError) -> (
    checks: [StudentCheck], trainedSideOnly: [String]
  ) {
    var checks: [StudentCheck] = []
    var others: [String] = []
    for entry in file.entries {
      guard entry.name.hasPrefix("student_") else {
        others.append(entry.name)
        continue
      }
      guard let input = entry.tensors.first(where: { $0.name == "input" })?.statistics.shape, input.count == 5,
        let classes = entry.vectors["logits"]?.count
      else {
        throw .malformed(file: entry.name, reason: "it records no input and logits of a student network")
      }
      let network: StudentNetwork
      do {
        network = try StudentNetwork(frames: input[2], size: input[3], classes: classes)
      } catch {
        throw .malformed(file: entry.name, reason: error.description)
      }
      checks.append(
        StudentCheck(
          name: entry.name, network: network, parameters: FormulaWeights(seed: file.seed), entry: entry,
          seed: file.seed))
    }
    return (checks, others)
  }

  /// The recorded clip, [3, T, H, W] in [-1, 1).
  package func input() -> [Float] {
    Formula(seed: seed).values("input", count: 3 * network.frames * network.size * network.size)
  }

  /// Compares the recording with what an engine computed.
  ///
  /// - Parameter values: returns an endpoint's values in NCTHW order, by its name in `NetworkGraph`; `nil` if it has
  ///   none.
  /// - Returns: one finding for each recorded endpoint, the logits last.
  /// - Throws: what `values` throws.
  package func compare<E: Error>(_ values: (String) throws(E) -> [Float]?) throws(E) -> [Finding] {
    var findings: [Finding] = []
    for (name, statistics) in entry.tensors where name != "input" {
      let computed = try values(Self.endpoint(name))
      findings.append(
        Finding(endpoint: name, error: computed.flatMap { Comparison($0, with: statistics)?.error } ?? .infinity))
    }
    if let expected = entry.vectors["logits"] {
      let computed = try values(StudentNetwork.Endpoint.logits) ?? []
      findings.append(
        Finding(endpoint: "logits", error: Comparison.relativeError(computed.map(Double.init), expected)))
    }
    return findings
  }

  /// The graph's name for an endpoint of the recording.
  private static func endpoint(_ name: String) -> String {
    switch name {
    case "logits7": StudentNetwork.Endpoint.stepLogits
    case "NonLocal.output": StudentNetwork.Endpoint.nonLocal
    default: name
    }
  }
}
