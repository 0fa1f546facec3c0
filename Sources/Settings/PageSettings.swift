/// `page`: what the daemon serves over HTTP.
package struct PageSettings: Equatable, Sendable {
  /// The address to listen on.
  package enum Listen: Equatable, Sendable {
    case off
    /// On 127.0.0.1 or ::1.
    case loopback(port: UInt16, isVersion6: Bool)
    case unix(path: String)
  }

  package var listen: Listen
  /// Additional names under which a browser may request the page.
  package var hosts: [String]
  /// Whether the page shows pictures.
  package var showsPreview: Bool

  init(_ table: SettingsTable) {
    let text = table.text("listen", default: "off") ?? "off"
    listen = .off
    if let parsed = Self.listen(text) {
      listen = parsed
    } else {
      table.refuse(
        "listen",
        """
        off, 127.0.0.1:PORT, [::1]:PORT or unix:/PATH; the page is not encrypted and has no login, so let a \
        reverse proxy on this machine serve others
        """)
    }
    hosts = table.texts("hosts")
    for host in hosts where !Self.isName(host) {
      table.refuse("hosts", "names such as adl.example.org, without a port")
    }
    showsPreview = table.flag("preview", default: false)
    if showsPreview, listen == .off { table.warn("preview", "has no effect while page.listen is off") }
    table.finish()
  }

  private static func listen(_ text: String) -> Listen? {
    // A socket's path has at most 107 bytes.
    if text.hasPrefix("unix:/"), text.utf8.count <= "unix:".utf8.count + 107 {
      return .unix(path: String(text.dropFirst("unix:".count)))
    }
    guard text != "off" else { return .off }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      return nil
    }
    return switch text[..<colon] {
    case "127.0.0.1", "localhost": .loopback(port: port, isVersion6: false)
    case "[::1]": .loopback(port: port, isVersion6: true)
    default: nil
    }
  }

  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 253
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
  }
}
