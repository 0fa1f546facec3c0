package import Networks

/// One golden student network: what to build, what to feed it and what must come out.
package struct StudentCheck: Sendable {
  /// The entry's name in the recording.
  package let name: String
  package let network: StudentNetwork
  package let parameters: FormulaWeights
  private let entry: GoldenFile.Entry
  private let seed: UInt64

  /// The line of a report: one endpoint and how far it is off.
  package struct Finding: Sendable {
    package let endpoint: String
    /// Relative error; infinite when the engine gave nothing comparable.
    package let error: Double

    package init(endpoint: String, error: Double) {
      self.endpoint = endpoint
      self.error = error
    }
  }

  /// The recorded students, and the names of entries that only the offline engine has.
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

  /// The clip that was recorded, [3, T, H, W] in [-1, 1).
  package func input() -> [Float] {
    Formula(seed: seed).values("input", count: 3 * network.frames * network.size * network.size)
  }

  /// Compares everything recorded with what an engine computed.
  ///
  /// - Parameter values: an endpoint's values in NCTHW order, by its name in `NetworkGraph`; nil when it has none.
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

  /// The graph's name for what the recording calls `name`.
  private static func endpoint(_ name: String) -> String {
    switch name {
    case "logits7": StudentNetwork.Endpoint.stepLogits
    case "NonLocal.output": StudentNetwork.Endpoint.nonLocal
    default: name
    }
  }
}
