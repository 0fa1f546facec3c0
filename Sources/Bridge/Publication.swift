/// One message for the broker.
package struct Publication: Equatable, Sendable {
  package enum Kind: Sendable {
    /// A state that the broker keeps; only the newest counts. An empty one is forgotten there.
    case retained
    /// Something that happened, which waits while the broker is away.
    case event
    /// Of use only at once: left out while the broker is away.
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
