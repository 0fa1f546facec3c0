package import Events
package import Foundation

/// From when to when somebody did something.
package struct ActivitySpan: Equatable, Sendable {
  /// What start, updates and end of the activity share.
  package var id: String
  package var camera: String
  /// The run of the daemon in which it began; people are numbered within one.
  package var epoch: String
  /// `nil` where the whole picture is looked at.
  package var person: Int?
  package var label: String
  package var confidence: Float
  package var begin: Date
  /// `nil`: it goes on.
  package var end: Date?
  /// Why it ended.
  package var reason: String?

  /// Reads an activity's last message; `nil` for others.
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

  /// An activity as it was published in a run of the daemon; `nil` where its times are none.
  package init?(_ event: ActivityEvent, epoch: String) {
    guard let begin = Self.date(event.onset) else { return nil }
    self.init(
      id: event.id, label: event.activity.label, begin: begin,
      end: event.type == .end ? event.offset.flatMap { Self.date($0) } : nil)
    (camera, person, confidence, reason) = (event.camera, event.person?.id, event.confidence, event.endReason)
    self.epoch = event.startEpoch ?? epoch
  }

  /// What is wanted of a message; the rest of it costs more than that.
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

/// How often and how long something was done on one day.
package struct DayTotal: Equatable, Sendable {
  /// The local day's beginning.
  package var day: Date
  package var label: String
  /// How many began on this day.
  package var count: Int
  package var seconds: Double

  /// Adds activities up by local day and label.
  ///
  /// An activity counts for the day on which it begins; its time is shared out among the days that it lies in.
  ///
  /// - Parameters:
  ///   - spans: in any order.
  ///   - from: nothing before it counts.
  ///   - to: nothing after it counts; what goes on lasts until then.
  ///   - calendar: says where local days begin.
  /// - Returns: days in order, and on each the longest first.
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
        // Days of 23 and 25 hours are days too.
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
