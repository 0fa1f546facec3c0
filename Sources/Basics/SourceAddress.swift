/// The address of a video source as the user wrote it: a device, a path or a URL, which may contain a password, key or
/// token.
///
/// It cannot be printed: interpolation, `dump`, errors and logs show `description`. For a URL that is its scheme and
/// host, because cameras take passwords in the user, the path and the query alike. Only code that opens the source uses
/// `revealed`.
package struct SourceAddress: Hashable, Sendable {
  /// The full text; never use it in messages.
  package let revealed: String

  package init(_ revealed: String) { self.revealed = revealed }

  /// The scheme of a URL in lower case; `nil` for devices and paths.
  package var scheme: String? {
    guard let end = revealed.firstRange(of: "://")?.lowerBound else { return nil }
    let scheme = revealed[..<end].lowercased()
    return scheme.utf8.allSatisfy(isLetterOrDigit) ? scheme : ""
  }

  /// Why this URL's host cannot be right, worded for the user; `nil` if it can.
  package var mistake: String? {
    guard scheme != nil else {
      return looksLikeURL ? "an address is written SCHEME://HOST/PATH, such as rtsp://camera/stream" : nil
    }
    let (authority, rest) = split
    guard let next = rest.first, rest.contains("@"), !authority.contains("@") else { return nil }
    // A path or query may contain an @; then the text before it is a host, perhaps with a port.
    let port = authority.split(separator: ":", maxSplits: 1).dropFirst().first ?? "0"
    let isHost = authority.hasPrefix("[") || port.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    guard next == "#" || !isHost else { return nil }
    return "a user or password cannot hold '\(next)' as it is; write # as %23, / as %2F, ? as %3F and % as %25"
  }

  /// Not a valid URL, but too much like one to be printed as a path.
  private var looksLikeURL: Bool {
    let lower = revealed.lowercased()
    if ["rtsp", "rtsps", "http", "https", "rtp", "udp", "rtmp"].contains(where: { lower.hasPrefix($0 + ":") }) {
      return true
    }
    guard !lower.hasPrefix("/"), !lower.hasPrefix("."), !lower.hasPrefix("file:") else { return false }
    guard let colon = lower.firstIndex(of: ":") else { return false }
    return lower[colon...].contains("@")
  }

  /// The part between the scheme and the path, and the rest.
  private var split: (authority: Substring, rest: Substring) {
    let begin = revealed.firstRange(of: "://")?.upperBound ?? revealed.startIndex
    let authority = revealed[begin...].prefix { !"/?#".contains($0) }
    return (authority, revealed[authority.endIndex...])
  }
}

extension SourceAddress: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// A device or path in full; scheme and host of a URL, or less if the host cannot be told for certain.
  package var description: String {
    guard let scheme else { return looksLikeURL ? "…" : revealed }
    let (authority, rest) = split
    let shown = scheme.isEmpty ? "…" : scheme
    guard !rest.contains("@") else { return "\(shown)://…" }
    let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    return "\(shown)://\(host)\(rest.isEmpty || rest == "/" ? rest : "/…")"
  }

  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension SourceAddress: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(text) }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
    UInt8(ascii: "-"), UInt8(ascii: "."):
    true
  default: false
  }
}
