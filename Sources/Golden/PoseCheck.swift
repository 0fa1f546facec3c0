package import Networks

/// One golden pose network: a pose classifier, or the attention computed from its two blocks.
package struct PoseCheck: Sendable {
  package let name: String
  package let network: PoseNetwork
  /// Number of frames of the recorded sample.
  package let frames: Int
  /// Number of the classifier's activities; `nil` if the recording is an attention map.
  package let classes: Int?
  /// Shape of the attention map [T/8, H/32, W/32], if there is one.
  package let map: [Int]?
  package let parameters: FormulaWeights
  private let entry: GoldenFile.Entry
  private let seed: UInt64

  /// The recorded pose networks, ordered by name.
  ///
  /// - Parameter file: the recording.
  /// - Returns: one check per entry whose name starts with `agcn` or `attention`.
  /// - Throws: `GoldenError.malformed` if an entry does not describe one of our networks.
  package static func all(in file: GoldenFile) throws(GoldenError) -> [PoseCheck] {
    var checks: [PoseCheck] = []
    for entry in file.entries where entry.name.hasPrefix("agcn") || entry.name.hasPrefix("attention") {
      checks.append(try PoseCheck(entry, name: entry.name, seed: file.seed))
    }
    return checks
  }

  init(_ entry: GoldenFile.Entry, name: String, seed: UInt64) throws(GoldenError) {
    func malformed(_ reason: String) -> GoldenError { .malformed(file: name, reason: reason) }
    guard let input = entry.tensors.first(where: { $0.name == "input" })?.statistics.shape, input.count == 5 else {
      throw malformed("it records no input of a pose network")
    }
    guard let graph = SkeletonGraph.allCases.first(where: { $0.jointCount == input[3] }) else {
      throw malformed("no supported skeleton has \(input[3]) joints")
    }
    map = entry.tensors.first { $0.name == "attention" }.map { Array($0.statistics.shape.dropFirst()) }
    classes = entry.vectors["logits"]?.count
    guard (map == nil) != (classes == nil), map?.count ?? 3 == 3, (8...4096).contains(input[2]),
      (1...4).contains(input[4])
    else { throw malformed("it records neither a classifier's logits nor an attention map") }
    self.name = name
    frames = input[2]
    network = PoseNetwork(graph: graph, bodies: input[4], blockCount: map == nil ? PoseNetwork.published : 2)
    parameters = FormulaWeights(seed: seed)
    self.entry = entry
    self.seed = seed
  }

  /// The recorded pose, [1, 3, T, V, M] in [-1, 1).
  package func input() -> [Float] {
    Formula(seed: seed).values("pose", count: 3 * frames * network.graph.jointCount * network.bodies)
  }

  /// Compares the recording with what an engine computed.
  ///
  /// - Parameter values: row-major values of `block10`, `feature`, `attention` or `logits`.
  /// - Returns: one finding per recorded value.
  /// - Throws: what `values` throws.
  package func compare<E: Error>(_ values: (String) throws(E) -> [Float]?) throws(E) -> [StudentCheck.Finding] {
    var findings: [StudentCheck.Finding] = []
    for (name, statistics) in entry.tensors where name != "input" {
      let computed = try values(name)
      findings.append(
        StudentCheck.Finding(
          endpoint: name, error: computed.flatMap { Comparison($0, with: statistics)?.error } ?? .infinity))
    }
    if let expected = entry.vectors["logits"] {
      let computed = try values("logits") ?? []
      findings.append(
        StudentCheck.Finding(
          endpoint: "logits", error: Comparison.relativeError(computed.map(Double.init), expected)))
    }
    return findings
  }
}

/// One golden attention teacher VPN*: an I3D modulated by the attention computed from a pose.
package struct AttentionTeacherCheck: Sendable {
  package let name: String
  /// The teacher's I3D, without a Non-Local block.
  package let network: StudentNetwork
  package let pose: PoseCheck
  private let logits: [Double]
  private let seed: UInt64

  /// The recorded teachers, ordered by name.
  ///
  /// - Parameter file: the recording.
  /// - Returns: one check per entry whose name starts with `vpn_star`.
  /// - Throws: `GoldenError.malformed` if an entry does not describe one of our networks.
  package static func all(in file: GoldenFile) throws(GoldenError) -> [AttentionTeacherCheck] {
    var checks: [AttentionTeacherCheck] = []
    for entry in file.entries where entry.name.hasPrefix("vpn_star") {
      guard let logits = entry.vectors["logits"], let part = entry.parts.first(where: { $0.name == "attention" }) else {
        throw .malformed(file: entry.name, reason: "it records no attention and logits of a teacher")
      }
      let pose = try PoseCheck(part, name: entry.name, seed: file.seed)
      guard let map = pose.map, map[0] * 8 == pose.frames else {
        throw .malformed(file: entry.name, reason: "its attention does not have one step per eight frames")
      }
      do {
        checks.append(
          AttentionTeacherCheck(
            name: entry.name,
            network: try StudentNetwork(
              frames: pose.frames, size: map[1] * 32, classes: logits.count, nonLocal: .none),
            pose: pose, logits: logits, seed: file.seed))
      } catch {
        throw .malformed(file: entry.name, reason: error.description)
      }
    }
    return checks
  }

  /// The recorded clip, [3, T, H, W] in [-1, 1).
  package func input() -> [Float] {
    Formula(seed: seed).values("input", count: 3 * network.frames * network.size * network.size)
  }

  package func compare(logits computed: [Float]) -> StudentCheck.Finding {
    StudentCheck.Finding(
      endpoint: "logits", error: Comparison.relativeError(computed.map(Double.init), logits))
  }
}
