/// Settings that are well written but do not fit the model or the machine.
package enum DaemonError: Error, Equatable, CustomStringConvertible {
  case setting(String, reason: String)

  package var description: String {
    switch self {
    case .setting(let name, let reason): "\(name): \(reason)"
    }
  }
}
