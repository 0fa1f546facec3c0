/// What is wrong with a model, checkpoint or label file, or with writing one.
package enum ModelFileError: Error, Equatable, CustomStringConvertible {
  case cannotRead(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  /// The file does not follow its format.
  case malformed(path: String, reason: String)
  /// A well-formed file with unsuitable contents: labels, network, tensors.
  case unsuitable(path: String, reason: String)
  /// A pickle requires something outside the supported subset.
  case refusedPickle(path: String, reason: String)

  package var description: String {
    switch self {
    case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
    case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
    case .malformed(let path, let reason): "\(path) is damaged or in another format: \(reason)"
    case .unsuitable(let path, let reason): "\(path) cannot be used: \(reason)"
    case .refusedPickle(let path, let reason): "\(path) is refused: \(reason)"
    }
  }
}
