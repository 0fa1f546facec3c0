/// Keeps what is published beyond the publisher's memory.
///
/// The publisher's thread calls it. It must return at once and never throw: whatever happens to its disk, events go on.
package protocol MessageStore: Sendable {
  /// Takes messages, in the order in which they are sent afterwards.
  ///
  /// - Parameters:
  ///   - messages: of the kinds `event` and `health`.
  ///   - kept: called once, on any thread, when they are durable or when it is known that they will not be soon.
  func keep(_ messages: [PublishedMessage], then kept: @escaping @Sendable () -> Void)

  /// Whatever is open goes on at the time of this envelope.
  func noteAlive(_ envelope: Envelope)

  /// Looks for messages; `answered` is called once, on any thread.
  func answer(
    _ request: HistoryRequest, then answered: @escaping @Sendable (Result<HistoryPage, HistoryFailure>) -> Void)
}

/// A message as it is sent.
package struct PublishedMessage: Sendable {
  package var topic: Topic
  package var envelope: Envelope
  /// The JSON text, with the envelope in it.
  package var json: [UInt8]
  /// Sent once more to those who subscribe soon afterwards.
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

/// The end of what an earlier run of the daemon began and could not end.
package enum Leftover: Equatable, Sendable {
  case activity(ActivityEvent)
  case person(PersonEvent)
  case alert(AlertEvent)
}

/// What a message is about, as far as it can be looked for.
package struct MessageFacts: Decodable, Sendable {
  package struct Activity: Decodable, Sendable {
    package var label: String
  }

  package struct Person: Decodable, Sendable {
    package var id: Int
  }

  package var type: String
  /// The camera, or the topic of rules for alerts, which may be about several.
  package var camera: String
  /// The activity's.
  package var id: String?
  package var activity: Activity?
  package var person: Person?
  package var onset: Instant?
  package var offset: Instant?
  /// Where the message ends what an earlier run began: that run's epoch.
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
