import Events
import Foundation
import History

/// `/api/now`: what is going on now.
struct NowAnswer: Encodable {
  /// A camera's last published messages.
  struct Camera: Encodable {
    var name: String
    /// As last published; absent before the first.
    var state: CameraState?
    var health: CameraHealth?
  }

  var node: String
  var epoch: String
  var model: String
  var time: String
  /// When the daemon started.
  var started: String
  var cameras: [Camera]
  var alerts: [AlertEvent]
  /// True if /preview.jpg?camera=NAME shows pictures.
  var preview: Bool

  init(_ board: Board.Snapshot, hasPreview: Bool, now: Date) {
    (node, epoch, model) = (board.node, board.epoch, board.model.name)
    (time, started) = (EventClock.text(now), EventClock.text(board.started))
    cameras = board.names.map {
      Camera(name: $0, state: board.cameras[$0]?.state, health: board.cameras[$0]?.health)
    }
    alerts = board.alerts
    preview = hasPreview
  }
}

/// `/api/day`: the activities of one day.
struct DayAnswer: Encodable {
  /// The most activities in one answer.
  static let most = 5000

  /// An activity on this day; `person` is absent if it was recognised from the whole picture.
  struct Activity: Encodable {
    var id: String
    var camera: String
    /// The run of the daemon in which it started; people are numbered within a run.
    var epoch: String
    var person: Int?
    var label: String
    var begin: String
    /// Absent while it is still going on.
    var end: String?
  }

  /// All activities of the day with one label.
  struct Total: Encodable {
    var label: String
    /// How many started on this day.
    var count: Int
    var seconds: Double
  }

  var date: String
  var begin: String
  var end: String
  var previous: String
  var next: String
  var today: String
  var timeZone: String
  var now: String
  /// The model's labels, in order; they determine the colours.
  var labels: [String]
  /// The time before which nothing is known; absent if there is a history.
  var since: String?
  var totals: [Total]
  var activities: [Activity]
  /// Number of activities omitted at the end of the day because they do not fit.
  var omitted: Int

  init(_ day: Day, _ spans: [ActivitySpan], labels: [String], since: Date?, now: Date, _ calendar: Calendar) {
    self.labels = labels
    (date, begin, end) = (day.text, EventClock.text(day.begin), EventClock.text(day.end))
    (previous, next, today) = (day.previous.text, day.next.text, Day(containing: now, calendar).text)
    (timeZone, self.now) = (day.timeZone.identifier, EventClock.text(now))
    self.since = since.map(EventClock.text)
    let until = min(now, day.end)
    totals = DayTotal.totals(of: spans, from: day.begin, to: until, calendar: calendar).map {
      Total(label: $0.label, count: $0.count, seconds: $0.seconds)
    }
    activities = spans.prefix(Self.most).map {
      Activity(
        id: $0.id, camera: $0.camera, epoch: $0.epoch, person: $0.person, label: $0.label,
        begin: EventClock.text($0.begin), end: $0.end.map(EventClock.text))
    }
    omitted = spans.count - activities.count
  }
}

/// `/healthz`: whether every worker is making progress.
struct HealthAnswer: Encodable {
  /// A camera that delivers no frames, and why.
  struct Away: Encodable {
    var camera: String
    var condition: String
    var reason: String?
  }

  /// `ok` or `failing`.
  var status: String
  var reasons: [String]
  /// Cameras that deliver nothing; the daemon keeps retrying, so that alone is not a failure.
  var away: [Away]

  init(_ board: Board.Snapshot, reasons: [String]) {
    status = reasons.isEmpty ? "ok" : "failing"
    self.reasons = reasons
    away = board.names.compactMap { name in
      guard let camera = board.cameras[name], camera.state?.condition != "online" else { return nil }
      return Away(camera: name, condition: camera.state?.condition ?? "offline", reason: camera.health?.reason)
    }
  }
}
