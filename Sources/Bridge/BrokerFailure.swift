/// Why the broker cannot be used, with the setting to change.
package enum BrokerFailure: Error, Equatable, CustomStringConvertible {
  case unreachable(host: String, port: Int, reason: String)
  /// The broker refused the connection; `code` is the return code in its CONNACK.
  case refused(code: Int32)
  case tls(reason: String)
  /// The broker closed the connection before it answered.
  case unanswered(usesTLS: Bool)
  case lost(reason: String)
  /// libmosquitto rejected a setting.
  case setting(name: String, reason: String)

  package var description: String {
    switch self {
    case .unreachable(let host, let port, let reason):
      "cannot reach the broker at \(host) port \(port): \(reason); is it running, and are broker.host and broker.port right?"
    case .refused(2): "the broker refused this client's name; change broker.clientId"
    case .refused(3): "the broker is not accepting clients yet"
    case .refused(4): "the broker refused the user name or password; change broker.username and broker.password"
    case .refused(5):
      "the broker refused the login; change broker.username and broker.password, or the broker's list of users"
    case .refused(let code): "the broker refused the connection with return code \(code); its log may say why"
    case .tls(let reason):
      "no encrypted connection to the broker: \(reason); check broker.tls.ca, broker.tls.certificate and broker.tls.key"
    case .unanswered(usesTLS: false):
      "the broker ended the connection before it answered; if it wants TLS, set broker.tls.enabled"
    case .unanswered(usesTLS: true):
      "the broker ended the connection before it answered; does it speak TLS on broker.port, and know broker.tls.certificate?"
    case .lost(let reason): "the connection to the broker was lost: \(reason)"
    case .setting(let name, let reason): "\(name): \(reason)"
    }
  }
}

/// How long to wait before trying the broker again: longer after every failure, up to half a minute.
package struct BackOff: Sendable {
  private static let first = Duration.milliseconds(500)
  private static let longest = Duration.seconds(30)
  private var pause = first

  package init() {}

  /// The pause after another failure.
  package mutating func next() -> Duration {
    defer { pause = min(pause * 2, Self.longest) }
    return pause
  }

  package mutating func reset() { pause = Self.first }
}
