/// Why an engine cannot be built or run.
package enum InferenceError: Error, Equatable, CustomStringConvertible {
  /// The CPU lacks the instructions for the requested precision.
  case precisionUnavailable(Precision, instructionSet: String)
  /// int8 was requested, but the model does not say how large its values become.
  case notCalibrated
  /// The model's value ranges are unusable.
  case ranges(reason: String)
  /// oneDNN has only its slow reference kernel for a layer, thousands of times slower than the others.
  case slowKernel(layer: String, implementation: String)
  /// oneDNN rejected a call; `reason` is its message.
  case kernel(layer: String, reason: String)
  /// The network does not support clips of the requested size.
  case network(reason: String)
  /// A tensor of the model is missing or has another shape.
  case parameters(reason: String)
  case outOfMemory(bytes: Int)
  /// The clip's length differs from the one the engine was built for.
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
      "cannot allocate \(bytes / 1_000_000) MB for the network; use a smaller model or fewer cameras"
    case .clipSize(let given, let expected): "a clip has \(given) values, but the network reads \(expected)"
    }
  }
}
