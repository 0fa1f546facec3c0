/// The head of a request that the page accepts: GET, without a body.
package struct HTTPRequest: Equatable, Sendable {
  /// The result of parsing a head's bytes.
  package enum Reading: Equatable, Sendable {
    /// The empty line that ends it has not arrived yet.
    case incomplete
    case complete(HTTPRequest)
    case refused(HTTPStatus)
  }

  /// Without the query; percent escapes are kept, because none of our paths contains any.
  package var path: String
  /// By name; the last value of a repeated name.
  package var query: [String: String]
  /// By lower-case name; repeated headers are joined with commas.
  package var headers: [String: String]

  package init(path: String, query: [String: String] = [:], headers: [String: String] = [:]) {
    self.path = path
    self.query = query
    self.headers = headers
  }

  /// Parses what a client has sent so far.
  ///
  /// Strict where servers and proxies are known to differ: line ends, spaces around names, folded headers.
  ///
  /// - Source: RFC 9112, 2 to 5.
  package static func read(_ bytes: [UInt8]) -> Reading {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return .incomplete }
    guard let head = String(validating: bytes[..<end.lowerBound], as: UTF8.self) else { return .refused(.badRequest) }
    var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
    let start = (lines.popFirst() ?? "").split(separator: " ", omittingEmptySubsequences: false)
    guard start.count == 3, isToken(start[0]), start[1].hasPrefix("/"),
      start[1].utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return .refused(.badRequest) }
    guard start[2] == "HTTP/1.1" || start[2] == "HTTP/1.0" else { return .refused(.versionNotSupported) }
    guard let headers = headers(lines) else { return .refused(.badRequest) }
    guard start[0] == "GET" else { return .refused(.methodNotAllowed) }
    guard headers["transfer-encoding"] == nil, headers["content-length", default: "0"] == "0" else {
      return .refused(.contentTooLarge)
    }
    let target = start[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    return .complete(
      HTTPRequest(path: String(target[0]), query: target.count > 1 ? query(target[1]) : [:], headers: headers))
  }

  /// - Returns: `nil` if a line is not a header, or there are two Host headers.
  private static func headers(_ lines: ArraySlice<Substring>) -> [String: String]? {
    var headers: [String: String] = [:]
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, isToken(parts[0]), parts[1].utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
      else { return nil }
      let name = parts[0].lowercased()
      let value = String(parts[1].trimming { $0 == " " || $0 == "\t" })
      if let before = headers[name] {
        guard name != "host" else { return nil }
        headers[name] = before + ", " + value
      } else {
        headers[name] = value
      }
    }
    return headers
  }

  private static func query(_ text: Substring) -> [String: String] {
    var query: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      query[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
    }
    return query
  }

  /// - Source: RFC 9110, 5.6.2.
  private static func isToken(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}

extension Substring {
  fileprivate func trimming(_ isSpace: (Character) -> Bool) -> Substring {
    var rest = self
    while let first = rest.first, isSpace(first) { rest.removeFirst() }
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
  }
}
