/// Rejects requests that another site makes a viewer's browser send.
///
/// The server listens on loopback, which any site in a browser on the same machine can reach: through a host name that
/// resolves to 127.0.0.1 (DNS rebinding), or by plain cross-site requests.
struct RequestGuard: Sendable {
  /// Names under which the page may be requested, in lower case and without ports.
  let hosts: Set<String>

  /// - Parameter hosts: additional names, such as a reverse proxy's.
  init(hosts: [String]) { self.hosts = Set(["localhost", "127.0.0.1", "[::1]"] + hosts.map { $0.lowercased() }) }

  /// The response to a rejected request; `nil` if it is allowed.
  func refusal(of request: HTTPRequest) -> HTTPResponse? {
    guard let host = request.headers["host"] else { return .text(.badRequest, "The request has no Host header.") }
    guard hosts.contains(Self.name(host)) else {
      return .text(.misdirected, "This name is not in page.hosts of adld.yaml.")
    }
    if let origin = request.headers["origin"], !isOurs(origin) { return Self.crossSite }
    // Modern browsers say where a request comes from. A link to the page may be anywhere.
    let site = request.headers["sec-fetch-site", default: "none"]
    let isVisit = request.path == "/" && request.headers["sec-fetch-mode"] == "navigate"
    return site == "same-origin" || site == "none" || isVisit ? nil : Self.crossSite
  }

  private static let crossSite = HTTPResponse.text(.forbidden, "Other sites may not ask for this.")

  private func isOurs(_ origin: String) -> Bool {
    guard let scheme = origin.firstRange(of: "://") else { return false }
    return hosts.contains(Self.name(String(origin[scheme.upperBound...])))
  }

  /// A host without its port.
  private static func name(_ host: String) -> String {
    let host = host.lowercased()
    guard let colon = host.lastIndex(of: ":"), host[host.index(after: colon)...].allSatisfy(\.isNumber) else {
      return host
    }
    return String(host[..<colon])
  }
}
