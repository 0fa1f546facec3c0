/// Stores published messages beyond the publisher's memory.
///
/// Called on the publisher's thread. It must return at once and never throw: whatever happens to the disk, publishing
/// continues.
package protocol MessageStore: Sendable {
  /// Stores messages, in the order in which they are sent afterwards.
  ///
  /// - Parameters:
  ///   - messages: of the kinds `event` and `health`.
  ///   - kept: called once, on any thread, when they are durable or will not be soon.
  func keep(_ messages: [PublishedMessage], then kept: @escaping @Sendable () -> Void)

  /// Records that everything open was still going on at this envelope's time.
  func noteAlive(_ envelope: Envelope)

  /// Searches for messages; `answered` is called once, on any thread.
  func answer(
    _ request: HistoryRequest, then answered: @escaping @Sendable (Result<HistoryPage, HistoryFailure>) -> Void)
}

/// A message as sent.
package struct PublishedMessage: Sendable {
  package var topic: Topic
  package var envelope: Envelope
  /// The JSON text, including the envelope.
  package var json: [UInt8]
  /// Whether it is repeated to those who subscribe soon afterwards.
  package var isRepeated: Bool

  package init(topic: Topic, envelope: Envelope, json: [UInt8], isRepeated: Bool = false) {
    self.topic = topic
    self.envelope = envelope
    self.json = json
    self.isRepeated = isRepeated
  }

  var seq: UInt64 { envelope.seq }
  /// RFC 3339.
  var time: String { envelope.time }
  var parts: [[UInt8]] { [Array(topic.description.utf8), json] }
}

/// The end of something that an earlier run of the daemon left open.
package enum Leftover: Equatable, Sendable {
  case activity(ActivityEvent)
  case person(PersonEvent)
  case alert(AlertEvent)
}

/// The searchable facts of a message.
package struct MessageFacts: Decodable, Sendable {
  /// The message's `activity`.
  package struct Activity: Decodable, Sendable {
    package var label: String
  }

  /// The message's `person`.
  package struct Person: Decodable, Sendable {
    package var id: Int
  }

  package var type: String
  /// The camera, or the rules topic for alerts, which may be about several cameras.
  package var camera: String
  /// The activity's id.
  package var id: String?
  package var activity: Activity?
  package var person: Person?
  package var onset: Instant?
  package var offset: Instant?
  /// If the message ends something that an earlier run began: that run's epoch.
  package var startEpoch: String?

  private enum CodingKeys: String, CodingKey {
    case type, camera, id, activity, person, onset, offset
    case startEpoch = "start_epoch"
  }

  package init(from decoder: any Decoder) throws {
    let table = try decoder.container(keyedBy: CodingKeys.self)
    type = try table.decode(String.self, forKey: .type)
    camera = try table.decodeIfPresent(String.self, forKey: .camera) ?? Topic.rules
    id = try table.decodeIfPresent(String.self, forKey: .id)
    activity = try table.decodeIfPresent(Activity.self, forKey: .activity)
    person = try table.decodeIfPresent(Person.self, forKey: .person)
    onset = try table.decodeIfPresent(Instant.self, forKey: .onset)
    offset = try table.decodeIfPresent(Instant.self, forKey: .offset)
    startEpoch = try table.decodeIfPresent(String.self, forKey: .startEpoch)
  }
}
