/// What was found right cannot be had when it is needed: a socket that is taken meanwhile, a disk that refuses.
package struct CannotStart: Error, CustomStringConvertible {
  package let reason: any Error

  package var description: String { "\(reason)" }
}

/// Settings that are well written but do not fit the model or the machine.
package enum DaemonError: Error, Equatable, CustomStringConvertible {
  case setting(String, reason: String)

  package var description: String {
    switch self {
    case .setting(let name, let reason): "\(name): \(reason)"
    }
  }
}
