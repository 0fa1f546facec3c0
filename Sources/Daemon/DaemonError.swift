/// Something that passed its check is no longer available: a socket taken meanwhile, a full disk.
package struct CannotStart: Error, CustomStringConvertible {
  package let reason: any Error

  package var description: String { "\(reason)" }
}

/// Settings that are valid but do not fit the model or the machine.
package enum DaemonError: Error, Equatable, CustomStringConvertible {
  case setting(String, reason: String)

  package var description: String {
    switch self {
    case .setting(let name, let reason): "\(name): \(reason)"
    }
  }
}
