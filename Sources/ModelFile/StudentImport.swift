package import Networks

/// A published or self-trained student checkpoint, identified by its tensors and ready to be written as a model.
///
/// - Source: methods.md 1.4 and 1.6.
package struct StudentImport: ParameterSource {
  /// What the user knows about the network in advance.
  package enum Kind: String, CaseIterable, Sendable {
    /// Determined from the tensors.
    case auto
    /// A VPN++ student: with a Non-Local block and a layer over steps.
    case student
    /// A published I3D classifier: without either.
    case i3d
  }

  /// The tensor every I3D has; anything before it in a name is a prefix such as `module.`.
  static let stem = "Conv3d_1a_7x7.conv3d.weight"
  /// Layers used for training that the live network does not have.
  private static let trainingLayers = ["fuse_fc.", "emb_fc."]
  private static let counter = ".num_batches_tracked"

  /// True for tensors that a layer computes with.
  private static func isOfLayer(_ name: String) -> Bool {
    let leaves: Set = ["weight", "bias", "running_mean", "running_var", "kernel", "scale", "var"]
    return name.split { $0 == "." || $0 == "/" }.last.map { leaves.contains(String($0)) } ?? true
  }

  package let network: StudentNetwork
  /// What was completed, dropped or assumed, one sentence each.
  package let remarks: [String]
  private let path: String
  private let tensors: [String: CheckpointTensor]
  private let absentScales: Set<String>

  /// - Parameters:
  ///   - path: a PyTorch checkpoint in either format, a pickle of NumPy arrays, or a safetensors file with published
  ///     names.
  ///   - kind: any other kind of checkpoint is rejected.
  ///   - frames: frames per window, for a network whose head does not determine it.
  ///   - size: height and width of the input, which the tensors do not determine.
  /// - Throws: `ModelFileError` that names every tensor that is missing, superfluous or of another shape.
  package init(path: String, kind: Kind = .auto, frames: Int = 64, size: Int = 224) throws(ModelFileError) {
    let checkpoint = try Checkpoint(path: path)
    func unsuitable(_ reason: String) -> ModelFileError { .unsuitable(path: path, reason: reason) }
    let stems = checkpoint.tensors.keys.filter { $0 == Self.stem || $0.hasSuffix("." + Self.stem) }
    guard stems.count == 1, let stem = stems.first else {
      let names = checkpoint.tensors.keys.sorted().prefix(5).joined(separator: ", ")
      throw unsuitable(
        stems.isEmpty
          ? "it is not an I3D: it has no \(Self.stem); its tensors begin with \(names)"
          : "it holds several networks: \(stems.sorted().joined(separator: ", "))")
    }
    let prefix = stem.dropLast(Self.stem.count)
    var tensors: [String: CheckpointTensor] = [:]
    var foreign: [String] = []
    for (name, tensor) in checkpoint.tensors {
      if name.hasPrefix(prefix) { tensors[String(name.dropFirst(prefix.count))] = tensor } else { foreign.append(name) }
    }

    let network = try StudentShape(tensors.mapValues(\.shape), path: path).network(frames: frames, size: size)
    if kind == .student, network.nonLocal == .none || network.head != .stepClassifier {
      throw unsuitable("it is not a VPN++ student: it lacks \(network.head == .stepClassifier ? "fuse_att_fc" : "fc")")
    }
    if kind == .i3d, network.nonLocal != .none || network.head != .meanOverSteps {
      throw unsuitable("it is not a plain I3D: it has \(network.nonLocal == .none ? "fc" : "fuse_att_fc")")
    }
    let parameters: [ParameterDescription]
    do { parameters = try network.graph().parameters } catch { throw unsuitable("\(error)") }
    let fit = Fit(parameters, tensors, foreign: foreign)
    guard fit.problems.isEmpty else { throw unsuitable(fit.problems.joined(separator: "; ")) }

    self.path = path
    self.network = network
    self.tensors = tensors
    absentScales = fit.absentScales
    remarks = Self.remarks(network, fit, prefix: String(prefix), location: checkpoint.location)
  }

  package func values(of parameter: ParameterDescription) throws(ModelFileError) -> [Float] {
    if absentScales.contains(parameter.name) { return Array(repeating: 1, count: parameter.count) }
    guard let tensor = tensors[parameter.name], tensor.shape == parameter.shape else {
      throw .unsuitable(path: path, reason: "it lacks \(parameter.name) of shape \(parameter.shape)")
    }
    let values = tensor.values()
    let bad = values.count { !$0.isFinite || (parameter.name.hasSuffix(".running_var") && $0 < 0) }
    guard bad == 0 else {
      throw .unsuitable(
        path: path,
        reason: "\(bad) of \(values.count) values of \(parameter.name) are not finite, or negative variances")
    }
    return values
  }

  /// How a checkpoint's tensors compare with what the network needs.
  private struct Fit {
    var problems: [String] = []
    var absentScales: Set<String> = []
    var trainingLayers: [String] = []
    var buffers: [String] = []
    var counters = 0

    init(_ parameters: [ParameterDescription], _ tensors: [String: CheckpointTensor], foreign: [String]) {
      var missing: [String] = []
      var misshapen: [String] = []
      for parameter in parameters {
        guard let tensor = tensors[parameter.name] else {
          if parameter.name.hasSuffix(".bn.weight") {
            absentScales.insert(parameter.name)
          } else {
            missing.append(parameter.name)
          }
          continue
        }
        if tensor.shape != parameter.shape {
          misshapen.append("\(parameter.name) \(tensor.shape) instead of \(parameter.shape)")
        }
      }
      let known = Set(parameters.map(\.name))
      var surplus = foreign
      for name in tensors.keys where !known.contains(name) {
        if name.hasSuffix(StudentImport.counter) {
          counters += 1
        } else if StudentImport.trainingLayers.contains(where: name.hasPrefix) {
          trainingLayers.append(name)
        } else {
          surplus.append(name)
        }
      }
      // The mean and deviation of colours, a step, a temperature; a layer's tensor would mean another network.
      buffers = surplus.filter { !StudentImport.isOfLayer($0) }.sorted()
      surplus.removeAll { !StudentImport.isOfLayer($0) }
      trainingLayers.sort()
      for (title, names) in [("missing", missing), ("left over", surplus), ("of another shape", misshapen)]
      where !names.isEmpty {
        problems.append("\(title): \(names.sorted().joined(separator: ", "))")
      }
    }
  }

  private static func remarks(_ network: StudentNetwork, _ fit: Fit, prefix: String, location: String) -> [String] {
    var remarks: [String] = []
    if !location.isEmpty { remarks.append("the weights were read from \(location)") }
    if !prefix.isEmpty { remarks.append("the prefix \(prefix) was removed from every name") }
    switch (network.nonLocal, network.head) {
    case (.none, .meanOverSteps):
      remarks.append("a plain I3D: added an identity Non-Local block and a mean over steps")
    case (.none, .stepClassifier): remarks.append("no Non-Local block: added an identity")
    case (_, .meanOverSteps): remarks.append("no fc layer: added a mean over steps")
    case (_, .stepClassifier): break
    }
    if !fit.absentScales.isEmpty {
      remarks.append("\(fit.absentScales.count) batch-norm scales are absent, as in TensorFlow's files, and set to 1")
    }
    if !fit.trainingLayers.isEmpty {
      remarks.append("dropped, for training only: \(fit.trainingLayers.joined(separator: ", "))")
    }
    if !fit.buffers.isEmpty { remarks.append("dropped, as no layer uses them: \(fit.buffers.joined(separator: ", "))") }
    if fit.counters > 0 { remarks.append("dropped: \(fit.counters) counters num_batches_tracked") }
    return remarks
  }
}
