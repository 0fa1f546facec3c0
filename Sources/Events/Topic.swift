import Basics

/// The subject of a message: its first frame.
///
/// Subscriptions match by prefix, so every segment ends in `/` and `cam1` never matches `cam10`.
package struct Topic: Hashable, Sendable, CustomStringConvertible {
  /// The last segment of a topic: what a message is about.
  package enum Kind: String, CaseIterable, Sendable {
    case event, prediction, state, health
  }

  /// Major version of the schema; a breaking change gets a new prefix, so old subscribers keep working.
  package static let prefix = "adl/1/"

  /// Takes the camera's place in alerts, which may be about several cameras.
  package static let rules = "_rules"

  package let description: String

  /// The topic for one camera's messages; both names consist of `[a-z0-9_-]`.
  package init(node: String, camera: String, _ kind: Kind) {
    description = "\(Self.prefix)\(node)/\(camera)/\(kind.rawValue)/"
  }

  private init(_ text: String) { description = text }

  /// The topic of the daemon's heartbeats.
  package static func heartbeat(node: String) -> Topic { Topic("\(prefix)\(node)/_daemon/heartbeat/") }

  /// Parses a topic; `nil` if it is not one of ours.
  package init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 6, text.hasPrefix(Self.prefix), parts[5].isEmpty, parts[2...4].allSatisfy(isIdentifier) else {
      return nil
    }
    description = text
  }

  /// The machine's name, from the daemon's settings.
  package var node: String { segment(2) }
  /// The camera, or `_rules`, or `_daemon`.
  package var camera: String { segment(3) }
  /// `nil` for the daemon's own messages.
  package var kind: Kind? { Kind(rawValue: segment(4)) }
  package var isHeartbeat: Bool { segment(4) == "heartbeat" }

  private func segment(_ index: Int) -> String {
    String(description.split(separator: "/", omittingEmptySubsequences: false)[index])
  }
}
