package import Foundation
package import History

/// The daemon's page, metrics and health: turns requests into responses.
package struct PageRouter: Sendable {
  /// The data sources of the page; called on client threads.
  package struct Sources: Sendable {
    package var board: Board
    /// Why the daemon is unhealthy, one line each; empty while every worker makes progress.
    package var faults: @Sendable () -> [String]
    /// Activities that overlap a period, earliest first.
    package var spans: @Sendable (Date, Date) throws -> [ActivitySpan]
    /// True if activities are kept across restarts.
    package var hasHistory: Bool
    package var historyBytes: @Sendable () -> Int?
    /// Returns a camera's picture as JPEG, or nil if it has none; `nil` if no pictures are shown.
    package var preview: (@Sendable (String) throws -> [UInt8]?)?
    package var now: @Sendable () -> Date = { Date() }

    package init(
      board: Board, faults: @escaping @Sendable () -> [String],
      spans: @escaping @Sendable (Date, Date) throws -> [ActivitySpan], hasHistory: Bool,
      historyBytes: @escaping @Sendable () -> Int?
    ) {
      self.board = board
      self.faults = faults
      self.spans = spans
      self.hasHistory = hasHistory
      self.historyBytes = historyBytes
    }
  }

  private let sources: Sources
  private let guardian: RequestGuard
  private let calendar: Calendar

  /// - Parameters:
  ///   - sources: the data to show.
  ///   - hosts: additional names under which the page may be requested.
  ///   - timeZone: the time zone in which days start.
  package init(_ sources: Sources, hosts: [String], timeZone: TimeZone) {
    self.sources = sources
    guardian = RequestGuard(hosts: hosts)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = timeZone
    self.calendar = calendar
  }

  package func answer(_ request: HTTPRequest) -> HTTPResponse {
    if let refusal = guardian.refusal(of: request) { return refusal }
    switch request.path {
    case "/": return HTTPResponse(contentType: "text/html; charset=utf-8", body: PackageResources.page_html)
    case "/page.css": return HTTPResponse(contentType: "text/css; charset=utf-8", body: PackageResources.page_css)
    case "/page.js": return HTTPResponse(contentType: "text/javascript; charset=utf-8", body: PackageResources.page_js)
    case "/api/now":
      return .json(NowAnswer(sources.board.snapshot, hasPreview: sources.preview != nil, now: sources.now()))
    case "/api/day": return day(request.query["date"])
    case "/healthz":
      let faults = sources.faults()
      return .json(HealthAnswer(sources.board.snapshot, reasons: faults), faults.isEmpty ? .ok : .unavailable)
    case "/metrics":
      let metrics = Metrics(
        board: sources.board.snapshot, process: .current, historyBytes: sources.historyBytes())
      return HTTPResponse(contentType: MetricsText.contentType, body: Array(metrics.text.utf8))
    case "/preview.jpg": return preview(of: request.query["camera"] ?? "")
    default: return .text(.notFound, "There is no such page.")
    }
  }

  private func preview(of camera: String) -> HTTPResponse {
    guard let preview = sources.preview else {
      return .text(.notFound, "No pictures are shown; set page.preview to true.")
    }
    do {
      guard let picture = try preview(camera) else { return .text(.notFound, "There is no picture of this camera.") }
      return HTTPResponse(contentType: "image/jpeg", body: picture)
    } catch {
      return .text(.unavailable, "The picture cannot be shown: \(error)")
    }
  }

  private func day(_ date: String?) -> HTTPResponse {
    let now = sources.now()
    guard let day = date.map({ Day($0, calendar) }) ?? Day(containing: now, calendar) else {
      return .text(.badRequest, "The date must be a day such as \(Day(containing: now, calendar).text).")
    }
    do {
      // An ongoing activity is not part of a future day.
      let spans = day.begin > sources.now() ? [] : try sources.spans(day.begin, day.end)
      let board = sources.board.snapshot
      return .json(
        DayAnswer(
          day, spans, labels: board.labels, since: sources.hasHistory ? nil : board.started, now: now, calendar))
    } catch {
      return .text(.unavailable, "The history cannot be read: \(error)")
    }
  }
}
