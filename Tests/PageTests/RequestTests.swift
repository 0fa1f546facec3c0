import Page
import Testing

@Suite struct `Requests` {
  private func read(_ text: String) -> HTTPRequest.Reading { HTTPRequest.read(Array(text.utf8)) }

  @Test func `HTTP requests are read with path, query and headers`() {
    #expect(
      read("GET /api/day?date=2026-10-01&x HTTP/1.1\r\nHost: localhost:8460\r\nAccept:  a \r\nACCEPT: b\r\n\r\n")
        == .complete(
          HTTPRequest(
            path: "/api/day", query: ["date": "2026-10-01", "x": ""],
            headers: ["host": "localhost:8460", "accept": "a, b"])))
  }

  @Test(arguments: ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\n\n"])
  func `the page waits for the rest of an unfinished request`(text: String) { #expect(read(text) == .incomplete) }

  @Test(arguments: [
    ("GET /", HTTPStatus.badRequest), ("GET  / HTTP/1.1", .badRequest), ("GET http://a/ HTTP/1.1", .badRequest),
    ("GET /\u{0}x HTTP/1.1", .badRequest), ("GE(T / HTTP/1.1", .badRequest), ("", .badRequest),
    ("GET / HTTP/2.0", .versionNotSupported), ("POST / HTTP/1.1", .methodNotAllowed),
    ("HEAD / HTTP/1.1", .methodNotAllowed), ("GET / HTTP/1.1\r\nHost : a", .badRequest),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: b", .badRequest), ("GET / HTTP/1.1\r\nA: b\r\n folded", .badRequest),
    ("GET / HTTP/1.1\r\nno colon", .badRequest), ("GET / HTTP/1.1\r\nA: \u{1}", .badRequest),
    ("GET / HTTP/1.1\r\nContent-Length: 5", .contentTooLarge),
    ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked", .contentTooLarge),
  ])
  func `invalid requests, and those that ask for more than to read, are refused`(head: String, status: HTTPStatus) {
    #expect(read(head + "\r\n\r\n") == .refused(status))
  }

  @Test func `the page refuses requests that are not text`() {
    #expect(HTTPRequest.read([0xFF, 0xFE] + Array("\r\n\r\n".utf8)) == .refused(.badRequest))
  }
}
