package import Networks

/// A PyTorch checkpoint understood as a student: which network it is, and what had to be added or dropped.
///
/// Reads published I3D classifiers (no Non-Local block, no fc) and students of VPN++ and I3D-Smarthome.
///
/// - Source: methods.md 1.4, 1.6 and 2.
package struct StudentImport: ParameterSource, Sendable {
  /// Layers that only training uses.
  private static let trainingOnly = ["fuse_fc.", "emb_fc."]

  package let network: StudentNetwork
  /// What a person should know about the import, one sentence each.
  package let remarks: [String]
  private let checkpoint: TorchCheckpoint

  /// - Parameters:
  ///   - checkpoint: the file's tensors.
  ///   - size: height and width of the input it was trained with.
  /// - Throws: `ModelFileError.unsuitable` naming each tensor that is missing, left over or of another shape.
  package init(_ checkpoint: TorchCheckpoint, size: Int = 224) throws(ModelFileError) {
    func unsuitable(_ reason: String) -> ModelFileError { .unsuitable(path: checkpoint.path, reason: reason) }
    self.checkpoint = checkpoint
    var remarks: [String] = []
    guard let logits = checkpoint.shape(of: "logits.conv3d.weight"), logits.count == 5,
      let stem = checkpoint.shape(of: "Conv3d_1a_7x7.conv3d.weight"), stem.count == 5
    else { throw unsuitable("it is no I3D: it lacks logits.conv3d.weight or Conv3d_1a_7x7.conv3d.weight") }
    let classes = logits[0]

    var nonLocal = StudentNetwork.NonLocal.none
    if checkpoint.names.contains("fuse_att_fc.theta.weight") {
      nonLocal = checkpoint.names.contains("fuse_att_fc.g.0.weight") ? .subSampled : .full
    } else {
      remarks.append("it has no Non-Local block: completed by the identity")
    }
    var head = StudentNetwork.Head.meanOverSteps
    var frames = 64
    if let fc = checkpoint.shape(of: "fc.weight") {
      guard fc.count == 2, fc[0] == classes, fc[1] > 0, fc[1] % classes == 0 else {
        throw unsuitable("fc.weight has shape \(fc), which is no [\(classes), \(classes) x steps]")
      }
      head = .stepClassifier
      frames = (fc[1] / classes + 1) * 8
    } else {
      remarks.append("it has no fc layer: completed by the mean over steps")
    }
    do {
      network = try Self.network(
        stem: stem[0], features: logits[1], frames: frames, size: size, classes: classes, nonLocal: nonLocal, head: head
      )
      let parameters = try network.graph().parameters
      try Self.compare(parameters, with: checkpoint, &remarks)
    } catch let error as NetworkError {
      throw unsuitable("\(error)")
    } catch {
      throw error as? ModelFileError ?? unsuitable("\(error)")
    }
    self.remarks = remarks
  }

  package func values(of parameter: ParameterDescription) -> [Float] {
    checkpoint.names.contains(parameter.name)
      ? checkpoint.values(of: parameter.name) : Array(repeating: 1, count: parameter.count)
  }

  /// The network whose width gives the checkpoint's channels at both ends of the trunk.
  private static func network(
    stem: Int, features: Int, frames: Int, size: Int, classes: Int, nonLocal: StudentNetwork.NonLocal,
    head: StudentNetwork.Head
  ) throws -> StudentNetwork {
    for width in [Double(features) / 1024, Double(stem) / 64] where (0.0625...4).contains(width) {
      let network = try StudentNetwork(
        width: WidthMultiplier(width), frames: frames, size: size, classes: classes, nonLocal: nonLocal, head: head)
      let trunk = try network.graph().node(named: "Mixed_5c")
      if trunk?.shape.channels == features, network.width.scaled(64) == stem { return network }
    }
    return try StudentNetwork(frames: frames, size: size, classes: classes, nonLocal: nonLocal, head: head)
  }

  private static func compare(
    _ parameters: [ParameterDescription], with checkpoint: TorchCheckpoint, _ remarks: inout [String]
  ) throws(ModelFileError) {
    var problems: [String] = []
    var withoutScale = 0
    for parameter in parameters {
      if let shape = checkpoint.shape(of: parameter.name) {
        if shape != parameter.shape {
          problems.append("\(parameter.name) has shape \(shape) instead of \(parameter.shape)")
        }
      } else if parameter.name.hasSuffix(".bn.weight") {
        // The TensorFlow originals have no scale; ports of them may leave it out.
        withoutScale += 1
      } else {
        problems.append("\(parameter.name) is missing")
      }
    }
    if withoutScale > 0 { remarks.append("\(withoutScale) batch norms have no scale: 1 is used") }
    let surplus = checkpoint.names.subtracting(parameters.map(\.name)).filter { !$0.hasSuffix(".num_batches_tracked") }
    let dropped = surplus.filter { name in trainingOnly.contains { name.hasPrefix($0) } }.sorted()
    if !dropped.isEmpty { remarks.append("dropped, since only training uses it: \(dropped.joined(separator: ", "))") }
    problems += surplus.subtracting(dropped).sorted().map { "\($0) belongs to no layer" }
    guard problems.isEmpty else {
      let shown = problems.prefix(8).joined(separator: "; ")
      let more = problems.count > 8 ? "; and \(problems.count - 8) more" : ""
      throw .unsuitable(path: checkpoint.path, reason: shown + more)
    }
  }
}
