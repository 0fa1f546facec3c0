import ModelFile

/// What is wrong with scores, with their files, or with a run's logs.
package enum EvaluationError: Error, Equatable, CustomStringConvertible {
  case cannotRead(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  /// The file does not follow its format.
  case malformed(path: String, line: Int, reason: String)
  /// Well-formed scores that cannot be evaluated.
  case unsuitable(system: String, reason: String)
  /// Two systems whose scores cannot be combined.
  case cannotFuse(first: String, second: String, reason: String)
  /// A log with other columns.
  case otherColumns(path: String, found: [String], expected: [String])

  package var description: String {
    switch self {
    case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
    case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
    case .malformed(let path, let line, let reason): "\(path), line \(line): \(reason)"
    case .unsuitable(let system, let reason): "the scores of \(system) cannot be used: \(reason)"
    case .cannotFuse(let first, let second, let reason): "\(first) and \(second) cannot be fused: \(reason)"
    case .otherColumns(let path, let found, let expected):
      """
      \(path) has the columns \(found.joined(separator: ", ")) but this run logs \(expected.joined(separator: ", ")); \
      move the file away or give the run a folder of its own
      """
    }
  }

  /// Files are read and written by `ModelFile`.
  init(_ error: ModelFileError) {
    switch error {
    case .cannotWrite(let path, let reason): self = .cannotWrite(path: path, reason: reason)
    case .cannotRead(let path, let reason), .malformed(let path, let reason), .unsuitable(let path, let reason),
      .refusedPickle(let path, let reason):
      self = .cannotRead(path: path, reason: reason)
    }
  }
}
