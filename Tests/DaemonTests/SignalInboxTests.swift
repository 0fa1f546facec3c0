import Foundation
import Testing

@testable import Daemon

@Suite(.timeLimit(.minutes(1))) struct `Signals` {
  @Test func `signals are kept until requested, and arrive in order`() async {
    let inbox = SignalInbox(trapping: [])
    inbox.take(1)
    inbox.take(15)
    #expect(await inbox.next() == 1)
    #expect(await inbox.next() == 15)
    let waiting = Task { await inbox.next() }
    try? await Task.sleep(for: .milliseconds(20))  // Most likely it is waiting by then; the result is the same if not.
    inbox.take(2)
    #expect(await waiting.value == 2)
  }

  @Test func `repeated signals are discarded together`() async {
    let inbox = SignalInbox(trapping: [])
    for signal: CInt in [1, 1, 15, 1] { inbox.take(signal) }
    inbox.discard(1)
    #expect(await inbox.next() == 15)
  }

  @Test func `a process's signals arrive in its inbox`() async {
    let inbox = SignalInbox(trapping: [SIGUSR2])
    for _ in 0..<5 {
      kill(getpid(), SIGUSR2)
      #expect(await inbox.next() == SIGUSR2)
    }
  }

  @Test func `a signal waits for the next request if the previous one was cancelled`() async {
    let inbox = SignalInbox(trapping: [])
    let given = Task { await inbox.next() }
    given.cancel()
    #expect(await given.value == nil)
    inbox.take(15)
    #expect(await inbox.next() == 15)
  }
}
