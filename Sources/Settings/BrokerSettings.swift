package import Basics

/// `broker`: the MQTT broker, and how to log in.
package struct BrokerSettings: Equatable, Sendable {
  /// Where a password comes from.
  package enum Password: Equatable, Sendable {
    case text(Secret)
    case file(String)
  }

  /// `broker.tls`.
  package struct TLS: Equatable, Sendable {
    /// Path of the trusted authorities' certificates; `nil` uses the system's.
    package var authority: String?
    /// Path of our own certificate and key, if the broker requires one.
    package var certificate: String?
    package var key: String?
    /// False accepts any broker's certificate.
    package var verifies: Bool

    /// `nil` if it is not enabled.
    init?(_ table: SettingsTable) {
      let isEnabled = table.flag("enabled", default: false)
      authority = table.text("ca")
      certificate = table.text("certificate")
      key = table.text("key")
      verifies = table.flag("verify", default: true)
      if (certificate == nil) != (key == nil) {
        table.require(certificate == nil ? "certificate" : "key", "a certificate and its key belong together")
      }
      let isSet = ["ca", "certificate", "key"].first(where: table.isSet)
      if !isEnabled, let isSet { table.warn(isSet, "has no effect while broker.tls.enabled is false") }
      table.finish()
      guard isEnabled else { return nil }
    }
  }

  package var host: String
  package var port: Int
  package var username: String?
  package var password: Password?
  /// By default `adl-mqtt-` and the node.
  package var clientID: String?
  /// Seconds.
  package var keepalive: Int
  package var qos: Int
  /// Number of events kept while the broker is away.
  package var queue: Int
  package var tls: TLS?

  init(_ table: SettingsTable) {
    tls = TLS(table.table("tls"))
    host = table.text("host", default: "localhost") ?? ""
    port = table.integer("port", default: tls == nil ? 1883 : 8883, 1...65_535)
    username = table.text("username")
    let text = table.text("password")
    let file = table.text("passwordFile")
    clientID = table.text("clientId")
    keepalive = table.integer("keepalive", default: 60, 5...3600)
    qos = table.integer("qos", default: 1, 0...2)
    queue = table.integer("queue", default: 1000, 1...10_000)
    password = text.map { .text(Secret($0)) } ?? file.map { .file($0) }
    if text != nil, file != nil { table.refuse("passwordFile", "left out if broker.password is set") }
    if password != nil, username == nil { table.require("username", "MQTT does not send a password without one") }
    if host.isEmpty || host.contains(where: \.isWhitespace) { table.refuse("host", "a name or an address") }
    for (key, value) in [("host", host), ("username", username), ("clientId", clientID), ("password", text)] {
      // The library's texts end at the first NUL.
      if value?.contains("\0") ?? false { table.refuseUnshown(key, "a text without NUL characters") }
    }
    table.finish()
  }

  /// The password itself, read from its file if necessary, without the line end.
  ///
  /// - Throws: `SettingsError` if that file cannot be read or is empty.
  package func readPassword() throws(SettingsError) -> Secret? {
    switch password {
    case nil: return nil
    case .text(let secret): return secret
    case .file(let path):
      var text = try SettingsFile.text(path: path, largest: 64, kind: "password file (broker.passwordFile)")
      guard !SettingsFile.isReadableByOthers(path) else {
        throw SettingsError(
          path: path, findings: [Finding(text: "can be read by everyone (broker.passwordFile); chmod o-r \(path)")])
      }
      if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
      guard !text.isEmpty, !text.contains("\0") else {
        throw SettingsError(path: path, findings: [Finding(text: "contains no password (broker.passwordFile)")])
      }
      return Secret(text)
    }
  }
}
