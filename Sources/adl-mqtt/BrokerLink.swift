import Bridge
import Foundation
import Glibc
import Logging
import Settings
import Systemd

/// The broker's side, on its own thread: connects, sends what is waiting, and reconnects indefinitely.
struct BrokerLink: Sendable {
  /// How long the last messages may take at shutdown.
  private static let farewellTime = Duration.seconds(2)

  let access: BrokerAccess
  let relay: Relay
  let logger: Logger
  let notification: ServiceNotification

  private var qos: CInt { CInt(access.settings.qos) }
  private var address: String { "\(access.settings.host) port \(access.settings.port)" }

  func run() {
    var backOff = BackOff()
    var said: BrokerFailure?
    while !relay.isStopping {
      relay.sign(.broker)
      guard let translator = relay.withState({ $0.translator }) else {
        pause(.seconds(1))
        continue
      }
      do throws(BrokerFailure) {
        try connect(translator) {
          backOff.reset()
          said = nil
        }
      } catch {
        // An unreachable broker is reported once.
        if error != said { logger.warning("\(error); trying again until it works") }
        said = error
        notification.status("Waiting for the broker at \(address)")
        let end = ContinuousClock.now + backOff.next()
        while !relay.isStopping, ContinuousClock.now < end { pause(min(.seconds(1), end - ContinuousClock.now)) }
      }
    }
  }

  /// Waits; `stop` ends the wait.
  private func pause(_ time: Duration) {
    relay.sign(.broker)
    var polled = pollfd(fd: relay.wakeUp, events: Int16(POLLIN), revents: 0)
    _ = unsafe poll(&polled, 1, CInt(max(1, time / .milliseconds(1))))
    // The wake-up is only about work for an existing connection.
    if !relay.isStopping { relay.drainWakeUp() }
  }

  /// Runs one connection from start to end.
  private func connect(_ translator: Translator, _ whenConnected: () -> Void) throws(BrokerFailure) {
    // The duration depends on the network.
    relay.sign(.broker, mayWait: true)
    let client = try MosquittoClient(
      access, clientID: access.settings.clientID ?? "adl-mqtt-\(translator.options.node)")
    try client.connect(will: translator.will)
    defer { relay.withState { $0.outbox.disconnect() } }
    var isConnected = false
    var farewell: ContinuousClock.Instant?
    while true {
      relay.sign(.broker)
      do throws(BrokerFailure) {
        try client.turn(wakeUp: relay.wakeUp, atMost: .milliseconds(farewell == nil ? 1000 : 50))
      } catch {
        if !isConnected, case .lost = error {
          for case .answered(let code) in client.takeIncoming() where code != 0 { throw .refused(code: code) }
          throw .unanswered(usesTLS: access.settings.tls != nil)
        }
        throw error
      }
      relay.drainWakeUp()
      for incoming in client.takeIncoming() {
        switch incoming {
        case .answered(0):
          isConnected = true
          for filter in translator.filters { try client.subscribe(to: filter, qos: qos) }
          greet()
          whenConnected()
        case .answered(let code): throw .refused(code: code)
        case .acknowledged(let number): relay.withState { $0.outbox.confirm(number) }
        case .message(let topic, let payload, let isRetained):
          relay.translate { $0.take(brokerTopic: topic, payload: payload, isRetained: isRetained) }
        }
      }
      try send(client)
      reportDropped()
      guard relay.isStopping else { continue }
      if farewell == nil {
        farewell = .now + Self.farewellTime
        relay.withState { if isConnected { $0.outbox.put([translator.will]) } }
        try send(client)
      }
      let isDone = relay.withState { $0.outbox.isEmpty } || !isConnected
      if isDone || ContinuousClock.now > farewell ?? .now {
        client.disconnect()
        return
      }
    }
  }

  private func greet() {
    let waiting = relay.withState { state in
      defer { state.outbox.connect(state.translator?.announcement ?? []) }
      return state.outbox.waitingEvents
    }
    logger.notice("connected to the broker at \(address)\(waiting > 0 ? "; \(waiting) events waited" : "")")
    notification.status("Connected to the broker at \(address)")
  }

  private func send(_ client: borrowing MosquittoClient) throws(BrokerFailure) {
    while let publication = relay.withState({ $0.outbox.next() }) {
      let number: CInt
      do throws(BrokerFailure) {
        number = try client.publish(publication, qos: publication.kind == .passing ? 0 : qos)
      } catch {
        relay.withState { $0.outbox.sent(publication, as: 0) }  // kept for the next connection
        throw error
      }
      relay.withState { $0.outbox.sent(publication, as: number) }
    }
  }

  private func reportDropped() {
    let dropped = relay.withState { $0.outbox.takeDropped() }
    if dropped > 0 {
      logger.warning("\(dropped) events were dropped, oldest first; broker.queue is \(access.settings.queue)")
    }
  }
}
