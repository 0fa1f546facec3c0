import Events
import Foundation
import History
import Synchronization
import Testing

@testable import Page

@Suite(.timeLimit(.minutes(1))) struct `The page` {
  private func page(
    _ board: Board = .made(), faults: [String] = [], hosts: [String] = [], zone: String = "Europe/Berlin",
    now: String = "2026-10-25T11:00:00.000Z"
  ) throws -> PageRouter {
    var sources = PageRouter.Sources(
      board: board, faults: { faults }, spans: { board.spans(from: $0, to: $1) }, hasHistory: false,
      historyBytes: { nil })
    sources.now = { time(now) }
    return PageRouter(sources, hosts: hosts, timeZone: try #require(TimeZone(identifier: zone)))
  }

  private func request(_ path: String, _ query: [String: String] = [:], _ headers: [String: String] = [:])
    -> HTTPRequest
  {
    HTTPRequest(path: path, query: query, headers: ["host": "localhost:8460"].merging(headers) { $1 })
  }

  private func json(_ response: HTTPResponse) throws -> [String: Any] {
    #expect(response.contentType == "application/json")
    return try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
  }

  @Test(arguments: [
    ("/", "text/html; charset=utf-8"), ("/page.css", "text/css; charset=utf-8"),
    ("/page.js", "text/javascript; charset=utf-8"), ("/api/now", "application/json"),
    ("/api/day", "application/json"), ("/healthz", "application/json"),
    ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
  ])
  func `the page has a route for each thing`(path: String, type: String) throws {
    let response = try page().answer(request(path))
    #expect(response.status == .ok)
    #expect(response.contentType == type)
    #expect(!response.body.isEmpty)
  }

  @Test func `the page shows pictures of cameras only if enabled`() throws {
    var sources = PageRouter.Sources(
      board: .made(), faults: { [] }, spans: { _, _ in [] }, hasHistory: false, historyBytes: { nil })
    func page() -> PageRouter { PageRouter(sources, hosts: [], timeZone: .gmt) }
    let off = page().answer(request("/preview.jpg", ["camera": "room"]))
    #expect(off.status == .notFound && String(decoding: off.body, as: UTF8.self).contains("page.preview"))
    #expect(try json(page().answer(request("/api/now")))["preview"] as? Bool == false)
    sources.preview = { $0 == "room" ? [0xFF, 0xD8] : nil }
    let on = page().answer(request("/preview.jpg", ["camera": "room", "at": "1"]))
    #expect(on == HTTPResponse(contentType: "image/jpeg", body: [0xFF, 0xD8]))
    #expect(page().answer(request("/preview.jpg", ["camera": "none"])).status == .notFound)
    #expect(page().answer(request("/preview.jpg")).status == .notFound)
    #expect(try json(page().answer(request("/api/now")))["preview"] as? Bool == true)
  }

  @Test(arguments: ["/index.html", "/api", "/../etc/passwd", "/%2e%2e/", "//"])
  func `the page has no other routes`(path: String) throws {
    #expect(try page().answer(request(path)).status == .notFound)
  }

  @Test(arguments: [
    "localhost", "localhost:8460", "LOCALHOST", "127.0.0.1:8460", "[::1]", "[::1]:8460", "adl.example.org:443",
  ])
  func `the page is served under the machine's own names and the configured ones`(host: String) throws {
    let page = try page(hosts: ["ADL.example.org"])
    #expect(page.answer(request("/api/now", [:], ["host": host])).status == .ok)
  }

  @Test(arguments: ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8460", "[::2]", "", ":8460"])
  func `the page is not served under other names, which a site could make resolve to it`(host: String) throws {
    #expect(try page().answer(request("/api/now", [:], ["host": host])).status == .misdirected)
  }

  @Test func `the page needs a Host header`() throws {
    #expect(try page().answer(HTTPRequest(path: "/")).status == .badRequest)
  }

  @Test(arguments: [
    ("/api/now", ["origin": "https://evil.example"], HTTPStatus.forbidden),
    ("/api/now", ["origin": "null"], .forbidden),
    ("/api/now", ["origin": "http://localhost:8460"], .ok), ("/api/now", ["sec-fetch-site": "cross-site"], .forbidden),
    ("/api/now", ["sec-fetch-site": "same-site"], .forbidden), ("/api/now", ["sec-fetch-site": "same-origin"], .ok),
    ("/api/now", ["sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"], .forbidden),
    ("/", ["sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"], .ok),
    ("/", ["sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"], .forbidden),
  ])
  func `the page does not answer other sites`(path: String, headers: [String: String], status: HTTPStatus) throws {
    #expect(try page().answer(request(path, [:], headers)).status == status)
  }

  @Test func `the page shows external names as text, and loads nothing from elsewhere`() {
    let script = String(decoding: PackageResources.page_js, as: UTF8.self)
    for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://"] {
      #expect(!script.contains(word), "\(word)")
    }
    let html = String(decoding: PackageResources.page_html, as: UTF8.self)
    for word in ["style=", "onclick", "<style", "http://", "https://"] { #expect(!html.contains(word), "\(word)") }
    #expect(html.ranges(of: "<script").count == 1)
    let style = String(decoding: PackageResources.page_css, as: UTF8.self)
    for word in ["url(", "@import"] { #expect(!style.contains(word), "\(word)") }
  }

  @Test func `the page says what is going on, in the words of the messages`() throws {
    let board = Board.made()
    var state = CameraState(
      camera: "hall", state: "activity", activity: ActivityEvent.Label(label: "Walk \"</script>", index: 0),
      activityID: "A", since: Instant(time: "2026-10-25T10:59:00.000Z", monotonic: 1), condition: "online")
    state.people = []
    board.take(state)
    board.take(
      CameraHealth(.offline, camera: "kitchen", reason: "unplugged", counters: CameraHealth.Counters()))
    board.take(
      AlertsState(alerts: [
        AlertEvent(
          .raised, id: "B", rule: "fallen", cameras: ["hall"], reason: "Fall", since: state.since, raised: state.since)
      ]))
    struct Now: Decodable {
      struct Camera: Decodable {
        var name: String
        var state: CameraState?
        var health: CameraHealth?
      }
      var cameras: [Camera]
      var alerts: [AlertEvent]
    }
    let now = try JSONDecoder().decode(Now.self, from: Data(page(board).answer(request("/api/now")).body))
    #expect(now.cameras.map(\.name) == ["kitchen", "hall"])
    #expect(now.cameras.last?.state == state)
    #expect(now.cameras.first?.health?.reason == "unplugged")
    #expect(now.alerts.map(\.rule) == ["fallen"])
  }

  @Test func `the page is healthy while cameras are away, but not while a worker hangs`() throws {
    let board = Board.made()
    board.take(CameraHealth(.offline, camera: "kitchen", reason: "unplugged", counters: CameraHealth.Counters()))
    let well = try page(board).answer(request("/healthz"))
    #expect(well.status == .ok)
    let answer = try json(well)
    #expect(answer["status"] as? String == "ok")
    let away = try #require(answer["away"] as? [[String: String]])
    #expect(away.first == ["camera": "kitchen", "condition": "offline", "reason": "unplugged"])

    let ill = try page(board, faults: ["recognition hangs"]).answer(request("/healthz"))
    #expect(ill.status == .unavailable)
    #expect(try json(ill)["reasons"] as? [String] == ["recognition hangs"])
  }

  @Test func `the page shows a day with what extends into it, and counts its part`() throws {
    let board = Board.made()
    board.take("A", "Sit", from: "2026-10-24T21:50:00.000Z", to: "2026-10-24T22:10:00.000Z")  // midnight in Berlin
    board.take("B", "Walk", from: "2026-10-25T10:00:00.000Z", to: "2026-10-25T10:05:00.000Z")
    board.take("C", "Sit", camera: "hall", from: "2026-10-25T10:50:00.000Z", to: nil)
    let page = try page(board)
    let today = try json(page.answer(request("/api/day")))
    #expect(today["date"] as? String == "2026-10-25")
    #expect(today["begin"] as? String == "2026-10-24T22:00:00.000Z")
    #expect(today["end"] as? String == "2026-10-25T23:00:00.000Z", "the clocks change: 25 hours")
    #expect(today["time_zone"] as? String == "Europe/Berlin")
    #expect(today["since"] as? String == "2026-10-24T20:00:00.000Z")
    let activities = try #require(today["activities"] as? [[String: Any]])
    #expect(activities.map { $0["id"] as? String } == ["A", "B", "C"])
    #expect(activities.map { $0["end"] != nil } == [true, true, false])
    let totals = try #require(today["totals"] as? [[String: Any]])
    #expect(totals.map { $0["label"] as? String } == ["Sit", "Walk"])
    #expect(totals.map { $0["count"] as? Int } == [1, 1], "the first activity started on the previous day")
    #expect(totals.map { $0["seconds"] as? Double } == [1200, 300])

    let yesterday = try json(page.answer(request("/api/day", ["date": "2026-10-24"])))
    let totalsBefore = try #require(yesterday["totals"] as? [[String: Any]])
    #expect(totalsBefore.map { $0["seconds"] as? Double } == [600])
    #expect(yesterday["next"] as? String == "2026-10-25")
  }

  @Test(arguments: ["today", "2026-02-30", "2026-10-1", "2026-10-01T00:00", "", "9999999999-01-01", "٢٠٢٦-١٠-٠١"])
  func `the page refuses invalid days`(date: String) throws {
    let response = try page().answer(request("/api/day", ["date": date]))
    #expect(response.status == .badRequest)
    #expect(String(decoding: response.body, as: UTF8.self) == "The date must be a day such as 2026-10-25.\n")
  }

  @Test func `the page reports that the history cannot be read`() throws {
    let sources = PageRouter.Sources(
      board: .made(), faults: { [] }, spans: { _, _ in throw HistoryError.missing(path: "/gone") }, hasHistory: true,
      historyBytes: { nil })
    let response = PageRouter(sources, hosts: [], timeZone: .gmt).answer(request("/api/day"))
    #expect(response.status == .unavailable)
    #expect(String(decoding: response.body, as: UTF8.self).hasPrefix("The history cannot be read: "))
  }

  @Test func `the page keeps the newest activities if there is no history`() throws {
    let board = Board.made(keptActivities: 10)
    for number in 0..<1000 {
      board.take("\(number)", "Walk", from: "2026-10-25T10:00:00.000Z", to: "2026-10-25T10:05:00.000Z")
    }
    let kept = board.spans(from: time("2026-10-25T00:00:00.000Z"), to: time("2026-10-26T00:00:00.000Z"))
    #expect((10..<20).contains(kept.count))
    #expect(kept.contains { $0.id == "999" } && !kept.contains { $0.id == "0" })
  }
}

@Suite struct `Days` {
  private func calendar(_ zone: String) throws -> Calendar {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: zone))
    return calendar
  }

  @Test(arguments: [
    ("2026-10-25", "Europe/Berlin", 25.0), ("2026-03-29", "Europe/Berlin", 23), ("2026-07-01", "Europe/Berlin", 24),
    ("2026-04-05", "Australia/Lord_Howe", 24.5),
    // Midnight itself is excluded.
    ("2026-09-06", "America/Santiago", 23),
  ])
  func `a day on the page has as many hours as the clocks say`(text: String, zone: String, hours: Double) throws {
    let day = try #require(Day(text, try calendar(zone)))
    #expect(day.end.timeIntervalSince(day.begin) == hours * 3600)
    #expect(day.text == text)
    #expect(day.next.begin == day.end)
    #expect(day.next.previous == day)
  }

  @Test func `the page's days follow one another over a year`() throws {
    let calendar = try calendar("Europe/Berlin")
    var day = try #require(Day("2026-01-01", calendar))
    var texts: Set<String> = []
    for _ in 0..<365 {
      texts.insert(day.text)
      #expect(Day(day.text, calendar) == day)
      day = day.next
    }
    #expect(day.text == "2027-01-01")
    #expect(texts.count == 365)
  }
}
