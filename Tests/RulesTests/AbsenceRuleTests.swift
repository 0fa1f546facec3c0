import Rules
import Testing

@Suite struct `A rule about a meal between 7 and 13` {
  private func rule(_ cameras: [String] = ["room"], _ change: (inout Rule) -> Void = { _ in }) -> Rule {
    Rule(.noActivity, "meal", cameras: cameras) {
      $0.activities = ["Eat"]
      $0.schedule = Schedule("07:00-13:00")
      change(&$0)
    }
  }

  @Test func `a meal rule is raised at the end of the window, and cleared by a late meal`() throws {
    var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 7.5)
    #expect(run.log == ["raised meal@25200.0"])
    #expect(run.alerts[0].reason == "no Eat between 07:00 and 13:00")
    #expect(run.alerts[0].since == .seconds(3600))
    run.start("Eat")
    #expect(run.log.last == "cleared (seen) meal@27000.0")
  }

  @Test func `a meal rule is not raised after a meal, even one that started before the window`() throws {
    for (begin, end) in [(6.5, 7.5), (7.5, 8), (12, 15)] {
      var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
      run.pass(hours: begin - 6)
      run.start("Eat")
      run.pass(hours: end - begin)
      run.end("Eat")
      run.pass(hours: 23 - end)
      #expect(run.log.isEmpty, "\(begin)")
    }
  }

  @Test func `a meal rule is cleared when the next window starts, and judged again`() throws {
    var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 48)
    #expect(run.log == ["raised meal@25200.0", "cleared (window) meal@90000.0", "raised meal@111600.0"])
  }

  @Test func `a meal rule skips other weekdays`() throws {
    // 2026-10-01 is a Thursday.
    var run = try Run(
      rule { $0.schedule = Schedule("07:00-13:00", [.fri]) }, from: "2026-10-01T06:00:00Z")
    run.pass(hours: 24 + 12)
    #expect(run.log == ["raised meal@111600.0"])
  }

  @Test func `a meal rule says nothing about a window not watched from its start, or how much was not`() throws {
    var run = try Run(rule(), from: "2026-10-01T10:00:00Z")
    run.pass(hours: 5)
    #expect(run.log == ["undecided meal@10800.0"])

    run = try Run(rule(), from: "2026-10-01T07:30:00Z")
    run.pass(hours: 7)
    #expect(run.log == ["raised meal@19800.0"])
    #expect(run.alerts[0].reason == "no Eat between 07:00 and 13:00; not watched for 30 min of it")
  }

  @Test(arguments: [(30.0, true), (37, false)])
  func `a meal rule tolerates a camera that is away for a tenth`(minutes: Double, isRaised: Bool) throws {
    var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 3)
    run.online(false)
    run.pass(minutes: minutes)
    run.online(true)
    run.pass(hours: 6)
    #expect(run.log == [isRaised ? "raised meal@25200.0" : "undecided meal@25200.0"])
    if isRaised { #expect(run.alerts[0].unwatched == .seconds(minutes * 60)) }
  }

  @Test func `a meal rule needs all its cameras, and is satisfied by a meal in front of any`() throws {
    var run = try Run(rule(["kitchen", "room"]), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 2)
    run.online(false, camera: "kitchen")
    run.pass(hours: 6)
    #expect(run.log == ["undecided meal@25200.0"])

    run = try Run(rule(["kitchen", "room"]), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 2)
    run.start("Eat", camera: "kitchen")
    run.pass(hours: 6)
    #expect(run.log.isEmpty)
  }

  @Test func `a meal rule does not count as watching while people cannot be found`() throws {
    var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 2)
    run.take(.impaired(camera: "room", .finder, true))
    run.pass(hours: 2)
    run.take(.impaired(camera: "room", .finder, false))
    run.pass(hours: 4)
    #expect(run.log == ["undecided meal@25200.0"])
  }

  @Test func `a meal rule counts hours skipped by the clock as unwatched`() throws {
    var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 2)
    run.set(clockBy: 86_400)
    run.pass(hours: 6)
    // The first day's window is over at the jump, the second day's is only watched from 08:00.
    #expect(run.log == ["undecided meal@7201.0", "undecided meal@25200.0"])
  }

  @Test func `a meal rule forgets a window that the clock leaves backwards, and does not judge one twice`() throws {
    var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 3)
    run.set(clockBy: -86_400)
    run.pass(1)
    #expect(run.log.isEmpty)

    run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 7.01)
    run.set(clockBy: -120)
    run.pass(hours: 1)
    #expect(run.log == ["raised meal@25200.0"])
  }

  @Test(arguments: [-86_400.0, 86_400.0, 259_200.0])
  func `a meal rule continues its window when the clock is set away and back`(step: Double) throws {
    var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 3)
    run.set(clockBy: step)
    run.pass(minutes: 1)
    run.set(clockBy: -step)
    run.pass(hours: 12)
    #expect(run.log.filter { $0.hasPrefix("raised") } == ["raised meal@25200.0"])
    #expect(run.alerts[0].since == .seconds(3600))

    run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(minutes: 70)
    run.start("Eat")
    run.pass(minutes: 5)
    run.end("Eat")
    run.set(clockBy: step)
    run.pass(minutes: 1)
    run.set(clockBy: -step)
    run.pass(hours: 12)
    #expect(run.log.filter { $0.hasPrefix("raised") } == [])
  }

  @Test(arguments: [-86_400.0, 86_400.0])
  func `a meal rule is raised once for a finished window when the clock is set away and back`(step: Double) throws {
    var run = try Run(rule(), from: "2026-10-01T06:00:00Z")
    run.pass(hours: 8)
    run.set(clockBy: step)
    run.pass(minutes: 1)
    run.set(clockBy: -step)
    run.pass(hours: 9)
    #expect(run.log == ["raised meal@25200.0"])
  }

  @Test(arguments: [("2026-03-28T20:00:00Z", 8.0), ("2026-10-24T19:00:00Z", 10)])
  func `a meal rule judges a night when it ends, even one in which clocks change`(start: String, hours: Double) throws {
    let night = rule { $0.schedule = Schedule("22:00-06:00", zone: .berlin) }
    var run = try Run(night, from: start)
    run.pass(hours: 16)
    #expect(run.log == ["raised meal@\(hours * 3600)"])
    #expect(run.alerts[0].unwatched == .zero)
  }
}

@Suite struct `A rule about nobody for 12 hours` {
  private func rule(_ change: (inout Rule) -> Void = { _ in }) -> Rule {
    Rule(.absent, "gone", cameras: ["hall", "room"]) {
      $0.duration = .seconds(12 * 3600)
      change(&$0)
    }
  }

  @Test func `an absence rule is raised when all cameras have seen nobody for long enough, and cleared by anybody`()
    throws
  {
    var run = try Run(rule())
    run.pass(hours: 1)
    run.enter(1, camera: "hall")
    run.pass(hours: 1)
    run.leave(1, camera: "hall")
    run.pass(hours: 13)
    run.enter(2)
    #expect(run.log == ["raised gone@50400.0", "cleared (seen) gone@54000.0"])
    #expect(run.alerts[0].reason == "nobody was seen for 12 h")
    #expect(run.alerts[0].cameras == ["hall", "room"])
  }

  @Test func `an absence rule waits after a start until all but a tenth was watched`() throws {
    var run = try Run(rule())
    run.pass(hours: 11)
    #expect(run.log == ["raised gone@38880.0"])
    #expect(run.alerts[0].reason == "nobody was seen for 12 h; not watched for 1 h 12 min of it")
    run = try Run(rule { $0.unwatched = .zero })
    run.pass(hours: 13)
    #expect(run.log == ["raised gone@43200.0"])
  }

  @Test func `an absence rule is not raised while a camera is away, and stays raised when one goes`() throws {
    var run = try Run(rule())
    run.pass(hours: 1)
    run.online(false, camera: "hall")
    run.pass(hours: 40)
    #expect(run.log.isEmpty)
    run.online(true, camera: "hall")
    run.pass(hours: 11)
    #expect(run.log == ["raised gone@\(41 * 3600 + 12 * 3600 * 0.9)"])
    run.online(false, camera: "hall")
    run.pass(hours: 40)
    #expect(run.log.count == 1)
  }

  @Test func `an absence rule counts within its window only`() throws {
    var run = try Run(
      rule {
        $0.duration = .seconds(4 * 3600)
        $0.schedule = Schedule("08:00-20:00")
      }, from: "2026-10-01T00:00:00Z")
    run.pass(hours: 24)
    #expect(run.log == ["raised gone@43200.0", "cleared (window) gone@72000.0"])
  }
}

@Suite struct `A rule about presence` {
  @Test func `a presence rule is raised for somebody in the kitchen at night`() throws {
    let rule = Rule(.present, "night", cameras: ["kitchen"]) { $0.schedule = Schedule("22:00-06:00") }
    var run = try Run(rule, from: "2026-10-01T21:00:00Z")
    run.enter(1, camera: "kitchen")
    run.pass(minutes: 30)
    run.leave(1, camera: "kitchen")
    run.pass(hours: 3)
    #expect(run.log.isEmpty)
    run.enter(2, camera: "kitchen")
    run.enter(3, camera: "kitchen")
    run.pass(5)
    run.leave(2, camera: "kitchen")
    run.pass(minutes: 1)
    run.leave(3, camera: "kitchen")
    run.pass(minutes: 1)
    #expect(run.log == ["raised night@12600.0", "cleared (left) night@12681.0"])
    #expect(run.alerts[0].reason == "somebody is there between 22:00 and 06:00")
    #expect(run.alerts[0].person == 2)
  }

  @Test func `a presence rule is raised if somebody is there when the window starts`() throws {
    var run = try Run(Rule(.present, "night") { $0.schedule = Schedule("22:00-06:00") }, from: "2026-10-01T21:59:00Z")
    run.enter(1)
    run.pass(hours: 9)
    #expect(run.log == ["raised night@60.0", "cleared (window) night@28860.0"])
  }
}

@Suite struct `A rule about a camera that is away` {
  private let rule = Rule(.cameraAway, "away", cameras: ["hall", "room"]) { $0.duration = .seconds(300) }

  @Test func `a camera rule is raised for each camera separately, and cleared when it returns`() throws {
    var run = try Run(rule)
    run.online(false, camera: "hall")
    run.pass(minutes: 4)
    run.online(false)
    run.pass(minutes: 3)
    run.online(true, camera: "hall")
    run.pass(minutes: 3)
    #expect(run.log == ["raised away@300.0", "cleared (returned) away@420.0", "raised away@540.0"])
    #expect(run.alerts.map(\.cameras) == [["hall"], ["hall"], ["room"]])
    #expect(run.alerts[0].reason == "the camera has been away for 5 min")
  }

  @Test func `a camera rule counts a camera that never appeared as away since the start`() throws {
    var run = try Run(rule, online: false)
    run.online(true)
    run.pass(minutes: 6)
    #expect(run.log == ["raised away@300.0"])
    #expect(run.alerts[0].cameras == ["hall"])
  }
}
