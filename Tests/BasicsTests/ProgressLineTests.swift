import Basics
import Testing

struct ProgressLineTests {
  private final class Screen { var text = "" }

  @Test func `a job of unknown length has no bar`() {
    let screen = Screen()
    var line = ProgressLine(style: .terminal(columns: 60)) { screen.text += $0 }
    line.show(share: nil) { ["reading", "12 s"] }
    line.show(share: 0.5, isLast: true) { ["reading", "24 s"] }
    #expect(
      screen.text == "\rreading  12 s\u{1B}[K\rreading  ██████████··········  24 s\u{1B}[K")
  }

  @Test(arguments: [-1, 0, 0.999, 1, 7, .infinity]) func `a progress bar always has the same length`(share: Double) {
    let screen = Screen()
    var line = ProgressLine(style: .terminal(columns: 60)) { screen.text += $0 }
    line.show(share: share) { ["x"] }
    #expect(screen.text.count { "█·".contains($0) } == 20)
  }

  @Test func `progress text is only computed when it is due to be shown`() {
    var line = ProgressLine(style: .log, interval: .seconds(10)) { _ in }
    let begin = ContinuousClock.now
    var made = 0
    for second in 0..<25 {
      line.show(share: nil, now: begin + .seconds(second)) {
        made += 1
        return ["x"]
      }
    }
    #expect(made == 3)
  }

  @Test(arguments: [(0.0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3753, "1:02:33"), (.infinity, "?"), (.nan, "?")])
  func `a progress line shows short remaining times`(seconds: Double, expected: String) {
    #expect(ProgressLine.clock(seconds) == expected)
  }
}
