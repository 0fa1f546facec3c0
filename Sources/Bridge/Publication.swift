/// One message for the broker.
package struct Publication: Equatable, Sendable {
  /// What the broker's side does with the publication while it is not connected.
  package enum Kind: Sendable {
    /// A state that the broker retains; only the newest counts, and an empty payload deletes it.
    case retained
    /// Something that happened; it waits while the broker is away.
    case event
    /// Only useful immediately: dropped while the broker is away.
    case passing
  }

  package var topic: String
  package var payload: String
  package var kind: Kind

  package init(_ topic: String, _ payload: String, _ kind: Kind = .retained) {
    self.topic = topic
    self.payload = payload
    self.kind = kind
  }
}
