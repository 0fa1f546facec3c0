/// Keeps the list of remote clients in step with its folder, and reports failed logins.
final class GuestList {
  private let remote: EventPublisher.Remote
  private let warn: @Sendable (String) -> Void
  /// Problems with the list as last read, which were reported.
  private var faults: [String] = []
  /// The problem at the last heartbeat, and whether it was reported.
  private var fault: (text: String, isSaid: Bool)?
  private var failures = 0
  /// The number of failed handshakes at the last warning, and its time.
  private var lastWarning: (failures: Int, at: ContinuousClock.Instant)?
  private var counts = Authenticator.Counts()

  init(_ remote: EventPublisher.Remote, warn: @escaping @Sendable (String) -> Void) {
    self.remote = remote
    self.warn = warn
  }

  /// Part of the answer to a `status` query.
  var status: [String: Int] {
    ["accepted": counts.accepted, "refused": counts.refused, "failed_handshakes": failures]
  }

  /// Rereads the folder, and disconnects clients no longer in it; called at every heartbeat.
  func tend(_ sockets: PublisherSockets) {
    guard let authenticator = sockets.authenticator else { return }
    failures += sockets.remote?.takeFailures() ?? 0
    counts = authenticator.counts
    do {
      let clients = clients()
      for fault in clients.faults where !faults.contains(fault) { warn(fault) }
      faults = clients.faults
      let known = authenticator.clients
      if known != clients {
        authenticator.replace(clients)
        // libzmq authenticates clients only when they connect.
        if !Set(known.names.keys).isSubset(of: clients.names.keys) { sockets.closeRemote() }
      }
      try sockets.reopenRemote()
      fault = nil
    } catch {
      // The port takes a moment to become free; a problem that remains at the next heartbeat is reported once.
      let isAgain = fault?.text == "\(error)"
      if isAgain, fault?.isSaid == false { warn("\(error)") }
      fault = ("\(error)", isAgain)
    }
    warnOfFailures()
  }

  /// If the folder cannot be read, nobody gets in: a known client might have been revoked meanwhile.
  private func clients() -> ClientKeys {
    do {
      return try remote.clientKeys()
    } catch {
      return ClientKeys(fault: "\(error); nobody can connect to events.remote until it can be read")
    }
  }

  private func warnOfFailures() {
    let now = ContinuousClock.now
    guard failures > lastWarning?.failures ?? 0, lastWarning.map({ now - $0.at >= .seconds(60) }) ?? true else {
      return
    }
    let last = counts.lastRefused.map { ", the last with an unknown key from \($0)" } ?? ""
    warn("\(failures - (lastWarning?.failures ?? 0)) connections to events.remote failed to log in\(last)")
    lastWarning = (failures, now)
  }
}
