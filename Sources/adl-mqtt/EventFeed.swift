import Bridge
import Events
import Foundation
import Logging
import Settings

/// The daemon's side, on its own thread: receives its messages and passes them to the relay.
struct EventFeed: Sendable {
  /// How long to wait if the daemon does not know our key.
  private static let refusalPause = Duration.seconds(10)

  let source: EventSource
  let options: @Sendable (_ node: String) -> BridgeOptions
  /// Whether the settings name the node; otherwise the daemon does.
  let isNodeGiven: Bool
  let relay: Relay
  let logger: Logger

  func run() {
    var wasRefused = false
    while !relay.isStopping {
      do throws(EventError) {
        try receive(&wasRefused)
      } catch {
        if !wasRefused { logger.error("\(error); trying again every \(Self.refusalPause)") }
        wasRefused = true
        // Without contact, the last known state is no longer valid.
        relay.translate { $0.daemonIsSilent() }
        let end = ContinuousClock.now + Self.refusalPause
        while !relay.isStopping, ContinuousClock.now < end {
          relay.sign(.daemon)
          Thread.sleep(forTimeInterval: 0.2)
        }
      }
    }
  }

  private func receive(_ wasRefused: inout Bool) throws(EventError) {
    let subscriber = try source.subscribe()
    do {
      for message in try source.snapshot() { take(message) }
    } catch {
      if !wasRefused { logger.notice("waiting for adld: \(error)") }
    }
    var isSilent = false
    while !relay.isStopping {
      relay.sign(.daemon)
      switch subscriber.next(timeout: .milliseconds(500)) {
      case nil: continue
      case .message(let message):
        if isSilent || wasRefused { logger.notice("adld is back") }
        (isSilent, wasRefused) = (false, false)
        take(message)
      case .gap(let topic, let missing):
        logger.warning("missed \(missing) messages on \(topic)")
        // A lost state is requested again; lost events are in the daemon's history.
        if topic.kind == .state { for message in (try? source.snapshot()) ?? [] { take(message) } }
      case .restarted:
        logger.notice("adld was restarted")
        relay.translate {
          $0.daemonRestarted()
          return []
        }
      case .silent:
        if !isSilent {
          let doubt = source.settings.keys == nil ? "" : " (is adl.serverKey its own?)"
          logger.warning("no sign from adld at \(source.settings.endpoint); waiting for it\(doubt)")
        }
        isSilent = true
        relay.translate { $0.daemonIsSilent() }
      case .refused: throw .unknownClient(endpoint: source.settings.endpoint)
      }
    }
  }

  private func take(_ message: EventSubscriber.Message) {
    let node = message.topic.node
    let other: Bool = relay.withState { state in
      guard let translator = state.translator else {
        state.translator = Translator(options(node))
        return false
      }
      guard translator.options.node != node, state.otherNode == nil else { return false }
      state.otherNode = node
      return true
    }
    if other {
      logger.error(
        isNodeGiven
          ? "adld calls itself \(node), so its messages are ignored; change node in these settings, or remove it"
          : "adld now calls itself \(node); the bridge stops, to restart under that name")
      if !isNodeGiven { relay.stop() }
    }
    relay.translate { $0.take(message, at: now) }
  }

  private var now: Duration { EventClock.system.now().monotonic }
}
