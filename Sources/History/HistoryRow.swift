import Events
import Foundation

/// A message as a row of the file, and how it changes what is open.
struct HistoryRow: Sendable {
  /// What a message changes about an activity, a person or an alert.
  enum Change: Equatable, Sendable {
    case opens(OpenEntry)
    case closes(String)

    var key: String {
      switch self {
      case .opens(let entry): entry.key
      case .closes(let key): key
      }
    }
  }

  var envelope: Envelope
  var topic: String
  var facts: MessageFacts
  var json: String
  /// Milliseconds since 1970.
  var time: Int64
  var change: Change?

  /// `nil` if it is not one of our messages.
  init?(_ message: PublishedMessage) {
    guard let time = EventClock.milliseconds(message.envelope.time) else { return nil }
    do {
      facts = try JSONDecoder().decode(MessageFacts.self, from: Data(message.json))
    } catch {
      return nil
    }
    envelope = message.envelope
    topic = message.topic.description
    json = String(decoding: message.json, as: UTF8.self)
    self.time = time
    change = Self.change(facts, envelope.epoch, json)
  }

  /// For an end message, the activity's start and end in milliseconds; otherwise `nil`.
  var span: (begins: Int64, ends: Int64)? {
    guard facts.type == ActivityEvent.Kind.end.rawValue, let onset = facts.onset, let offset = facts.offset,
      let begins = EventClock.milliseconds(onset.time), let ends = EventClock.milliseconds(offset.time)
    else { return nil }
    return (begins, ends)
  }

  private static func change(_ facts: MessageFacts, _ epoch: String, _ json: String) -> Change? {
    if let kind = ActivityEvent.Kind(rawValue: facts.type), let id = facts.id {
      let key = "activity/\(id)"
      return kind == .end ? .closes(key) : .opens(OpenEntry(key: key, epoch: epoch, json: json))
    }
    if let kind = PersonEvent.Kind(rawValue: facts.type), let person = facts.person {
      // Each run of the daemon numbers people from 1.
      let key = "person/\(facts.startEpoch ?? epoch)/\(facts.camera)/\(person.id)"
      return kind == .left ? .closes(key) : .opens(OpenEntry(key: key, epoch: epoch, json: json))
    }
    if let kind = AlertEvent.Kind(rawValue: facts.type), let id = facts.id {
      let key = "alert/\(id)"
      return kind == .cleared ? .closes(key) : .opens(OpenEntry(key: key, epoch: epoch, json: json))
    }
    return nil
  }
}

/// An activity that has not ended, a person who has not left, or a raised alert.
struct OpenEntry: Equatable, Sendable {
  var key: String
  /// The run of the daemon in which it started.
  var epoch: String
  /// The last message about it.
  var json: String
}
