/// Why an engine cannot be built or run.
package enum InferenceError: Error, Equatable, CustomStringConvertible {
  /// The CPU has no instructions for the precision that was asked for.
  case precisionUnavailable(Precision, instructionSet: String)
  /// int8 was asked for, and the model does not say how large its values become.
  case notCalibrated
  /// What the model says of how large its values become is not usable.
  case ranges(reason: String)
  /// oneDNN has only its slow reference kernel for a layer, thousands of times slower than the others.
  case slowKernel(layer: String, implementation: String)
  /// oneDNN refused a call; `reason` holds its words.
  case kernel(layer: String, reason: String)
  /// The network cannot take clips of the asked size.
  case network(reason: String)
  /// A tensor of the model is absent or has another shape.
  case parameters(reason: String)
  case outOfMemory(bytes: Int)
  /// The clip handed over is not as long as the engine was built for.
  case clipSize(given: Int, expected: Int)

  package var description: String {
    switch self {
    case .precisionUnavailable(let precision, let instructionSet):
      "this CPU (\(instructionSet)) has no native \(precision.rawValue); set model.precision to auto or f32"
    case .notCalibrated:
      "the model is not calibrated for int8; run `adl model calibrate`, or set model.precision to auto"
    case .ranges(let reason):
      "the model's calibration cannot be used: \(reason); run `adl model calibrate` again, or set model.precision to f32"
    case .slowKernel(let layer, let implementation):
      "oneDNN has no fast kernel for layer \(layer), only \(implementation); set model.precision to f32, "
        + "or use a network whose channels are multiples of 8"
    case .kernel(let layer, let reason): "layer \(layer): \(reason)"
    case .network(let reason): reason
    case .parameters(let reason): "the model's tensors do not fit its network: \(reason)"
    case .outOfMemory(let bytes):
      "cannot allocate \(bytes / 1_000_000) MB for the network; use a smaller model, or one camera less"
    case .clipSize(let given, let expected): "a clip has \(given) values where the network reads \(expected)"
    }
  }
}
