import Basics
import Bridge
import Foundation
import Glibc
import Logging
import Settings
import Systemd

/// The complete bridge: one thread for the daemon, one for the broker, and signals on the main thread.
struct BridgeService {
  /// How long either side may be silent before systemd is left to conclude that the bridge hangs.
  private static let longestSilence = Duration.seconds(20)
  /// How long both sides may take to stop.
  private static let stopTime = Duration.seconds(5)

  private let feed: EventFeed
  private let link: BrokerLink
  private let relay: Relay
  private let logger: Logger
  private let notification: ServiceNotification

  init(
    _ settings: BridgeSettings, _ access: BrokerAccess, _ source: EventSource, _ logger: Logger,
    _ notification: ServiceNotification
  ) {
    let relay = Relay(queue: settings.broker.queue)
    let options = { @Sendable (node: String) in BridgeOptions(settings, node: node) }
    if let node = settings.node { relay.withState { $0.translator = Translator(options(node)) } }
    feed = EventFeed(
      source: source, options: options, isNodeGiven: settings.node != nil, relay: relay, logger: logger)
    link = BrokerLink(access: access, relay: relay, logger: logger, notification: notification)
    (self.relay, self.logger, self.notification) = (relay, logger, notification)
  }

  /// Runs until a signal stops it.
  ///
  /// - Returns: false if it must be restarted under the daemon's new name.
  func run() -> Bool {
    MosquittoClient.prepareLibrary()
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    for signal in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&signals, signal) }
    // Threads inherit the blocked signals, so that signals arrive on this one.
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    let ended = MonotonicSemaphore()
    start("adld") { [feed] in
      feed.run()
    } then: {
      ended.signal()
    }
    start("broker") { [link] in
      link.run()
    } then: {
      ended.signal()
    }
    notification.ready(status: "Waiting for adld and the broker")
    while !relay.isStopping {
      var second = timespec(tv_sec: 1, tv_nsec: 0)
      if unsafe sigtimedwait(&signals, nil, &second) > 0 { break }
      if relay.isAlive(within: Self.longestSilence) { notification.isAlive() }
    }
    notification.stopping()
    let isRenamed = relay.isStopping
    relay.stop()
    for _ in 0..<2 where !ended.wait(atMost: Self.stopTime) {
      logger.warning("stopping without waiting: the network has not answered yet")
      break
    }
    return !isRenamed
  }

  private func start(_ name: String, _ body: @escaping @Sendable () -> Void, then: @escaping @Sendable () -> Void) {
    let thread = Thread {
      body()
      then()
    }
    thread.name = name
    thread.start()
  }
}

extension BridgeOptions {
  init(_ settings: BridgeSettings, node: String) {
    self.init(node: node)
    prefix = settings.topics.prefix
    discovery = settings.homeAssistant.discovery
    cameras = settings.cameras
    labels = settings.homeAssistant.labels
    activities = settings.homeAssistant.activities
    rules = settings.homeAssistant.rules
    qos = settings.broker.qos
  }
}
