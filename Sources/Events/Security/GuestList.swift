/// Keeps the list of who may connect from elsewhere as its folder has it, and says who tried in vain.
final class GuestList {
  private let remote: EventPublisher.Remote
  private let warn: @Sendable (String) -> Void
  /// As last read; `nil` before.
  private var known: ClientKeys?
  /// What was wrong at the last heartbeat, and whether it was said.
  private var fault: (text: String, isSaid: Bool)?
  private var failures = 0
  /// Of handshakes when it was last warned of them, and when that was.
  private var lastWarning: (failures: Int, at: ContinuousClock.Instant)?
  private var counts = Authenticator.Counts()

  init(_ remote: EventPublisher.Remote, warn: @escaping @Sendable (String) -> Void) {
    self.remote = remote
    self.warn = warn
  }

  /// For the answer to a `status` query.
  var status: [String: Int] {
    ["accepted": counts.accepted, "refused": counts.refused, "failed_handshakes": failures]
  }

  /// Reads the folder again, and closes the door on those who are no longer in it; called at every heartbeat.
  func tend(_ sockets: PublisherSockets) {
    guard let authenticator = sockets.authenticator else { return }
    failures += sockets.remote?.takeFailures() ?? 0
    counts = authenticator.counts
    do {
      let clients = clients()
      for fault in clients.faults where !(known?.faults ?? []).contains(fault) { warn(fault) }
      if let known, known != clients {
        authenticator.replace(clients)
        // libzmq asks who somebody is only when they connect.
        if !Set(known.names.keys).isSubset(of: clients.names.keys) { sockets.closeRemote() }
      }
      known = clients
      try sockets.reopenRemote()
      fault = nil
    } catch {
      // The port takes a moment to be free; what is still wrong at the next heartbeat is said once.
      let isAgain = fault?.text == "\(error)"
      if isAgain, fault?.isSaid == false { warn("\(error)") }
      fault = ("\(error)", isAgain)
    }
    warnOfFailures()
  }

  /// Where the folder cannot be read, nobody gets in: whoever was revoked might be among those who were known.
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
