/// Why messages cannot be published or received.
package enum EventError: Error, Equatable, CustomStringConvertible {
  case badEndpoint(setting: String, endpoint: String, reason: String)
  case cannotBind(setting: String, endpoint: String, reason: String)
  case cannotConnect(endpoint: String, reason: String)
  /// A local socket that this account may not use.
  case notPermitted(endpoint: String)
  case badKey(path: String, setting: String?, reason: String)
  /// The daemon does not accept this key.
  case unknownClient(endpoint: String)
  case unanswered(endpoint: String, seconds: Double, usesKeys: Bool)
  /// The daemon's own reason for not answering a query.
  case refused(endpoint: String, reason: String)
  /// libzmq failed unexpectedly.
  case library(call: String, reason: String)

  package var description: String {
    switch self {
    case .badEndpoint(let setting, let endpoint, let reason):
      "\(endpoint) is refused: \(reason); change \(setting)"
    case .cannotBind(let setting, let endpoint, let reason):
      "cannot listen on \(endpoint): \(reason); change \(setting)"
    case .cannotConnect(let endpoint, let reason): "cannot connect to \(endpoint): \(reason)"
    case .notPermitted(let endpoint):
      "\(endpoint) may not be used by this account; add it to the group of the daemon (`sudo adduser $USER adl`), and log in again"
    case .badKey(let path, let setting, let reason): "\(path): \(reason)" + (setting.map { " (\($0))" } ?? "")
    case .unknownClient(let endpoint):
      "\(endpoint) does not know this client's key; add it there (`adl keys add`), to events.remote.clients"
    case .unanswered(let endpoint, let seconds, usesKeys: false):
      "\(endpoint) did not answer within \(seconds) s; is adld running, and is this its events.query?"
    // A daemon whose key is another one doesn't say so: it cannot read what the client sends.
    case .unanswered(let endpoint, let seconds, usesKeys: true):
      "\(endpoint) did not answer within \(seconds) s; is adld running, is this its events.remote.query, and is the server "
        + "key its own?"
    case .refused(let endpoint, let reason): "\(endpoint) answers: \(reason)"
    case .library(let call, let reason): "\(call) failed: \(reason)"
    }
  }
}
