package import Golden
import Networks
package import Tensors

/// libtorch's part of the golden comparison: the networks as built for training, compared with recorded outputs.
package struct Selftest {
  /// The result for one recorded network.
  package struct Report {
    package let name: String
    package let findings: [StudentCheck.Finding]

    package var worst: Double { findings.map(\.error).max() ?? .infinity }
  }

  /// Maximum relative L2 error of a correct float32 implementation, given that the reference sums in another order.
  package static let tolerance = 1e-4

  private let device: Device
  private let precision: TrainingPrecision

  package init(on device: Device, _ precision: TrainingPrecision = .float32) {
    self.device = device
    self.precision = precision
  }

  /// Runs every recorded network of `file`.
  ///
  /// - Parameters:
  ///   - file: the recording.
  ///   - report: called after each network.
  /// - Throws: `GoldenError` for entries that do not describe one of our networks, `TensorError`.
  package func run(_ file: GoldenFile, report: (Report) -> Void) throws {
    for check in try StudentCheck.all(in: file).checks { report(try run(check)) }
    for check in try PoseCheck.all(in: file) { report(try run(check)) }
    for check in try AttentionTeacherCheck.all(in: file) { report(try run(check)) }
  }

  private func run(_ check: StudentCheck) throws -> Report {
    let module = try ClipNetwork(check.network, from: check.parameters, on: device)
    let clip = try clip(check.input(), check.network)
    let output = try evaluating { () throws(TensorError) in try module(clip, .evaluation, recording: true) }
    let findings = try check.compare { name in
      switch name {
      case "NonLocal.attention": try output.attention?.floats()
      case "softmax": try output.logits.softmax(1).floats()
      default: try output.endpoints[name]?.floats()
      }
    }
    return Report(name: check.name, findings: findings)
  }

  private func run(_ check: PoseCheck) throws -> Report {
    let poses = try pose(check)
    let findings: [StudentCheck.Finding]
    if let classes = check.classes {
      let classifier = check.network.classifier(classes: classes)
      let module = try PoseModule(check.network, heads: classifier.parameters, from: check.parameters, on: device)
      let (output, logits) = try evaluating { () throws(TensorError) in
        let output = try module(poses, .evaluation)
        return (output, try output.features.linear(classifier, module.parameters))
      }
      findings = try check.compare { name in
        switch name {
        case "block10": try output.lastBlock.floats()
        case "feature": try output.features.floats()
        case "logits": try logits.floats()
        default: nil
        }
      }
    } else {
      let map = try attention(check, poses)
      findings = try check.compare { $0 == "attention" ? try map.floats() : nil }
    }
    return Report(name: check.name, findings: findings)
  }

  private func run(_ check: AttentionTeacherCheck) throws -> Report {
    let module = try ClipNetwork(check.network, from: check.pose.parameters, on: device)
    let clip = try clip(check.input(), check.network)
    let map = try attention(check.pose, pose(check.pose))
    let logits = try evaluating { () throws(TensorError) in
      let shape = map.shape
      let modulation = try map.reshaped([shape[0], 1] + shape.dropFirst())
      return try module(clip, .evaluation, modulatedBy: modulation).logits
    }
    return Report(name: check.name, findings: [check.compare(logits: try logits.floats())])
  }

  private func attention(_ check: PoseCheck, _ poses: Tensor) throws -> Tensor {
    guard let map = check.map else { preconditionFailure("\(check.name) records no attention") }
    let layer = PoseAttention(inputs: check.network.features, frames: map[0], height: map[1], width: map[2])
    let module = try PoseModule(check.network, heads: layer.parameters, from: check.parameters, on: device)
    return try evaluating { () throws(TensorError) in
      try AttentionModule(layer, in: module.parameters)(module(poses, .evaluation).features).map
    }
  }

  private func clip(_ values: [Float], _ network: StudentNetwork) throws(TensorError) -> Tensor {
    try Tensor.of(values, [1, 3, network.frames, network.size, network.size], on: device).channelsLast()
  }

  private func pose(_ check: PoseCheck) throws(TensorError) -> Tensor {
    try Tensor.of(
      check.input(), [1, 3, check.frames, check.network.graph.jointCount, check.network.bodies], on: device)
  }

  private func evaluating<Result>(_ body: () throws(TensorError) -> Result) throws(TensorError) -> Result {
    try withoutGradients { () throws(TensorError) in
      try withAutocast(precision == .bfloat16, on: device, body)
    }
  }
}
