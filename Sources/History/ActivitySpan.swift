package import Events
package import Foundation

/// One activity of a person or picture, from start to end.
package struct ActivitySpan: Equatable, Sendable {
  /// The id that the activity's start, updates and end share.
  package var id: String
  package var camera: String
  /// The run of the daemon in which it started; people are numbered within a run.
  package var epoch: String
  /// `nil` if the whole picture is analysed.
  package var person: Int?
  package var label: String
  package var confidence: Float
  package var begin: Date
  /// `nil` while it is still going on.
  package var end: Date?
  /// Why it ended.
  package var reason: String?

  /// Reads an activity's last message; `nil` for other messages.
  package init?(json: String) {
    do {
      let said = try JSONDecoder().decode(Said.self, from: Data(json.utf8))
      let (facts, envelope) = (said.facts, said.envelope)
      guard let kind = ActivityEvent.Kind(rawValue: facts.type), let id = facts.id, let label = facts.activity?.label,
        let begin = facts.onset.flatMap({ Self.date($0) })
      else { return nil }
      (self.id, self.label, self.begin) = (id, label, begin)
      end = kind == .end ? facts.offset.flatMap { Self.date($0) } : nil
      (camera, person, epoch) = (facts.camera, facts.person?.id, facts.startEpoch ?? envelope.epoch)
      (confidence, reason) = (said.confidence, said.endReason)
    } catch {
      return nil
    }
  }

  /// An activity as published by a run of the daemon; `nil` if its times are invalid.
  package init?(_ event: ActivityEvent, epoch: String) {
    guard let begin = Self.date(event.onset) else { return nil }
    self.init(
      id: event.id, label: event.activity.label, begin: begin,
      end: event.type == .end ? event.offset.flatMap { Self.date($0) } : nil)
    (camera, person, confidence, reason) = (event.camera, event.person?.id, event.confidence, event.endReason)
    self.epoch = event.startEpoch ?? epoch
  }

  /// The parts of a message that are needed; decoding the rest would cost more than that.
  private struct Said: Decodable {
    struct Run: Decodable { var epoch: String }

    var facts: MessageFacts
    var envelope: Run
    var confidence: Float
    var endReason: String?

    init(from decoder: any Decoder) throws {
      (facts, envelope) = (try MessageFacts(from: decoder), try Run(from: decoder))
      let table = try decoder.container(keyedBy: CodingKeys.self)
      confidence = try table.decode(Float.self, forKey: .confidence)
      endReason = try table.decodeIfPresent(String.self, forKey: .endReason)
    }

    private enum CodingKeys: String, CodingKey {
      case confidence
      case endReason = "end_reason"
    }
  }

  private static func date(_ instant: Instant) -> Date? {
    EventClock.milliseconds(instant.time).map { Date(timeIntervalSince1970: Double($0) / 1000) }
  }

  init(id: String, label: String, begin: Date, end: Date?) {
    (self.id, self.label, self.begin, self.end) = (id, label, begin, end)
    (camera, epoch, person, confidence, reason) = ("", "", nil, 0, nil)
  }
}

/// How often and how long an activity took place on one day.
package struct DayTotal: Equatable, Sendable {
  /// The start of the local day.
  package var day: Date
  package var label: String
  /// How many started on this day.
  package var count: Int
  package var seconds: Double

  /// Adds up activities by local day and label.
  ///
  /// An activity counts for the day on which it starts; its time is divided among the days it covers.
  ///
  /// - Parameters:
  ///   - spans: in any order.
  ///   - from: anything before it is ignored.
  ///   - to: anything after it is ignored; ongoing activities last until then.
  ///   - calendar: determines where local days start.
  /// - Returns: days in order, each with the longest total first.
  package static func totals(
    of spans: [ActivitySpan], from: Date, to: Date, calendar: Calendar = .current
  ) -> [DayTotal] {
    struct Key: Hashable {
      var day: Date
      var label: String
    }
    var totals: [Key: DayTotal] = [:]
    for span in spans {
      var begin = max(span.begin, from)
      let end = min(span.end ?? to, to)
      guard begin <= end, begin < to else { continue }
      var isFirst = span.begin >= from
      repeat {
        let day = calendar.startOfDay(for: begin)
        // Days can also have 23 or 25 hours.
        let next = calendar.date(byAdding: .day, value: 1, to: day) ?? day.addingTimeInterval(86_400)
        var total =
          totals[Key(day: day, label: span.label)] ?? DayTotal(day: day, label: span.label, count: 0, seconds: 0)
        total.count += isFirst ? 1 : 0
        total.seconds += min(end, next).timeIntervalSince(begin)
        totals[Key(day: day, label: span.label)] = total
        (begin, isFirst) = (next, false)
      } while begin < end
    }
    return totals.values.sorted { ($0.day, -$0.seconds, $0.label) < ($1.day, -$1.seconds, $1.label) }
  }
}
