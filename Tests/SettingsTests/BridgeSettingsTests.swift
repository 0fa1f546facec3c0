import Basics
import Foundation
import Settings
import TestSupport
import Testing

private let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("config/adl-mqtt.yaml").path

private func parse(_ text: String) throws(SettingsError) -> BridgeSettings {
  try BridgeSettings.parse(text, path: "adl-mqtt.yaml")
}

@Suite struct `The bridge's shipped settings` {
  @Test func `the bridge's shipped settings load unchanged`() throws {
    let settings = try BridgeSettings.load(path: shipped)
    #expect(settings.broker.host == "localhost" && settings.broker.port == 1883)
    #expect(settings.topics.prefix == "adl" && settings.homeAssistant.discovery == "homeassistant")
    #expect(settings.adl.predictions == nil && settings.node == nil && settings.warnings.isEmpty)
  }

  @Test func `the bridge's shipped settings document every setting`() throws {
    let text = try String(contentsOfFile: shipped, encoding: .utf8)
    for name in BridgeSettings.knownSettings {
      let key = try #require(name.split(separator: ".").last)
      #expect(text.contains("\(key):"), "\(name)")
    }
    #expect(BridgeSettings.knownSettings.count > 25)
  }

  @Test func `the bridge's shipped settings state the actual defaults`() throws {
    // These have no value unless they are set.
    let unset = ["#node", "#username", "#password", "#clientId", "#ca", "#certificate", "#key: ", "#serverKey"]
    let text = try String(contentsOfFile: shipped, encoding: .utf8)
    let uncommented = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let body = line.drop { $0 == " " }
      guard body.first == "#", let next = body.dropFirst().first, next != " ", !unset.contains(where: body.hasPrefix)
      else { return String(line) }
      return String(line.prefix { $0 == " " } + body.dropFirst())
    }.joined(separator: "\n")
    #expect(try parse(uncommented) == parse(text))
    #expect(uncommented.contains("\n  keepalive: 60"))
  }
}

@Suite struct `Settings of the bridge` {
  @Test(arguments: [
    ("broker: {kepalive: 9}", "1: broker.kepalive is not a setting; did you mean keepalive?"),
    ("broker: {port: 0}", "1: broker.port: '0' is refused; it must be a whole number from 1 to 65535"),
    ("broker: {host: 'a b'}", "1: broker.host: 'a b' is refused; it must be a name or an address"),
    (#"broker: {clientId: "a\0b"}"#, "1: broker.clientId is refused; it must be a text without NUL characters"),
    (
      #"broker: {username: a, password: "b\0c"}"#,
      "1: broker.password is refused; it must be a text without NUL characters"
    ),
    ("broker: {qos: 3}", "1: broker.qos: '3' is refused; it must be a whole number from 0 to 2"),
    ("broker: {password: geheim}", "1: broker.username is missing: MQTT does not send a password without one"),
    (
      "broker: {username: a, password: geheim, passwordFile: /p}",
      "1: broker.passwordFile: '/p' is refused; it must be left out if broker.password is set"
    ),
    (
      "broker: {tls: {enabled: true, certificate: c.pem}}",
      "1: broker.tls.key is missing: a certificate and its key belong together"
    ),
    (
      "topics: {prefix: 'adl/#'}",
      "1: topics.prefix: 'adl/#' is refused; it must be a topic of letters, digits, _ and -, such as home/adl"
    ),
    (
      "adl: {key: k}", "1: adl.serverKey is missing: the file of the daemon's public key, for its events.remote"
    ),
    (
      "homeAssistant: {labels: [Eat.Snack, eat snack]}",
      "1: homeAssistant.labels is refused; it must be a list of labels that differ in their letters and digits"
    ),
  ])
  func `invalid bridge settings are refused with line, reason and remedy`(text: String, finding: String) {
    let error = #expect(throws: SettingsError.self) { try parse(text) }
    #expect(error?.findings.map(\.description) == [finding])
  }

  @Test func `bridge settings never show a password, whatever it is`() throws {
    for password in ["p@ss:/#?%", "it''s", "ünï \\ \"q\"", "nul\\0"] {
      let quoted = password.contains("\\0") ? "\"\(password)\"" : "'\(password)'"
      let text = "broker: {username: adl, password: \(quoted)}"
      do {
        let settings = try parse(text)
        var dumped = ""
        dump(settings, to: &dumped)
        for shown in [dumped, "\(settings)", String(reflecting: settings)] {
          #expect(!shown.contains(password.replacing("''", with: "'")))
        }
        #expect(try settings.broker.readPassword()?.revealed == password.replacing("''", with: "'"))
      } catch {
        #expect(password.hasSuffix("\\0"))
        #expect("\(error)".contains("broker.password") && !"\(error)".contains("nul"))
      }
    }
  }

  @Test func `bridge settings read a password file without its line end`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("password")
    let settings = try parse("broker: {username: adl, passwordFile: \(path)}")
    let missing = #expect(throws: SettingsError.self) { try settings.broker.readPassword() }
    #expect(missing.map { "\($0)" } == "\(path): cannot be read: No such file or directory")
    #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o644]))
    let open = #expect(throws: SettingsError.self) { try settings.broker.readPassword() }
    #expect(open.map { "\($0)" } == "\(path): can be read by everyone (broker.passwordFile); chmod o-r \(path)")
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    try Data(" two words \n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try settings.broker.readPassword() == Secret(" two words "))
    try Data("\n".utf8).write(to: URL(fileURLWithPath: path))
    let empty = #expect(throws: SettingsError.self) { try settings.broker.readPassword() }
    #expect(empty.map { "\($0)" } == "\(path): contains no password (broker.passwordFile)")
  }

  @Test func `bridge settings default to the TLS port, and warn about TLS settings without TLS`() throws {
    #expect(try parse("broker: {tls: {enabled: true}}").broker.port == 8883)
    let warnings = try parse("broker: {tls: {ca: c.pem}}").warnings
    #expect(warnings.map(\.description) == ["1: broker.tls.ca has no effect while broker.tls.enabled is false"])
  }

  @Test func `bridge settings can switch discovery off`() throws {
    for word in ["off", "\"\""] {
      #expect(try parse("homeAssistant: {discovery: \(word)}").homeAssistant.discovery == nil)
    }
  }
}
