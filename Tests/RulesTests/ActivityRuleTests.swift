import Rules
import Testing

@Suite struct `A rule about an activity` {
  private let lying = Rule(.activity, "lying") {
    $0.activities = ["Lie"]
    $0.duration = .seconds(600)
  }

  @Test func `an activity rule is raised once the activity has lasted, and cleared a gap after its end`() throws {
    var run = try Run(lying)
    run.pass(10)
    run.start("Lie", ago: 4)
    run.pass(minutes: 20)
    run.end("Lie")
    run.pass(minutes: 1)
    #expect(run.log == ["raised lying@606.0", "cleared (ended) lying@1226.0"])
    #expect(run.alerts[0].reason == "Lie for 10 min")
    #expect(run.alerts[0].since == .seconds(6) && run.alerts[0].person == 1 && run.alerts[0].cameras == ["room"])
  }

  @Test func `an activity rule bridges short interruptions, and restarts after longer ones`() throws {
    var run = try Run(lying)
    for _ in 0..<50 {
      run.start("Lie")
      run.pass(8)
      run.end("Lie")
      run.pass(14)
    }
    #expect(run.log == ["raised lying@600.0"])
    run = try Run(lying)
    for _ in 0..<50 {
      run.start("Lie")
      run.pass(500)
      run.end("Lie")
      run.pass(16)
    }
    #expect(run.log.isEmpty)
  }

  @Test func `an activity rule accepts a family for each of its labels`() throws {
    var run = try Run(lying)
    run.start("Lie.Onfloor")
    run.pass(minutes: 11)
    #expect(run.log == ["raised lying@600.0"])
    #expect(run.alerts[0].reason == "Lie.Onfloor for 10 min")
  }

  @Test func `an activity rule follows a person whose number changes, but distinguishes two people`() throws {
    var run = try Run(lying)
    run.enter(1)
    run.start("Lie", person: 1)
    run.pass(minutes: 6)
    run.end("Lie", person: 1)
    run.leave(1)
    run.pass(5)
    run.enter(2)
    run.start("Lie", person: 2)
    run.pass(minutes: 6)
    #expect(run.log == ["raised lying@600.0"])
    #expect(run.alerts[0].person == 2)

    run = try Run(lying)
    run.enter(1)
    run.enter(2)
    run.start("Lie", person: 1)
    run.pass(minutes: 6)
    run.start("Lie", person: 2)
    run.end("Lie", person: 1)
    run.pass(minutes: 6)
    #expect(run.log.isEmpty)
  }

  @Test func `an activity rule stays raised until nobody does it any more`() throws {
    var run = try Run(lying)
    run.enter(1)
    run.enter(2)
    run.start("Lie", person: 1)
    run.start("Lie", person: 2)
    run.pass(minutes: 11)
    run.end("Lie", person: 1)
    run.pass(minutes: 11)
    run.end("Lie", person: 2)
    run.pass(minutes: 1)
    #expect(run.log == ["raised lying@600.0", "cleared (ended) lying@1336.0"])
  }

  @Test func `an activity rule stays raised while the camera is away: unknown does not mean over`() throws {
    var run = try Run(lying)
    run.start("Lie")
    run.pass(minutes: 11)
    run.end("Lie")
    run.online(false)
    run.pass(hours: 1)
    #expect(run.log == ["raised lying@600.0"])
    run.online(true)
    run.pass(10)
    run.start("Lie")
    run.pass(hours: 1)
    #expect(run.log == ["raised lying@600.0"])
    run.end("Lie")
    run.pass(minutes: 1)
    #expect(run.log.last == "cleared (ended) lying@7886.0")
  }

  @Test func `an activity rule only counts time outside bed hours`() throws {
    var rule = lying
    rule.schedule = Schedule("07:00-22:00")
    // From 06:55: lying in bed since long ago.
    var run = try Run(rule, from: "2026-10-01T06:55:00Z")
    run.start("Lie", ago: 3600)
    run.pass(hours: 16)
    #expect(run.log == ["raised lying@900.0", "cleared (window) lying@54300.0"])
    #expect(run.alerts[0].since == .seconds(300))
    #expect(run.alerts[0].reason == "Lie for 10 min between 07:00 and 22:00")
  }

  @Test(arguments: [-86_400.0, 86_400, -10_000_000, 10_000_000])
  func `an activity rule measures with the monotonic clock, whatever the wall clock is set to`(step: Double) throws {
    var run = try Run(lying)
    run.start("Lie")
    run.pass(minutes: 5)
    run.set(clockBy: step)
    run.pass(minutes: 6)
    #expect(run.log == ["raised lying@600.0"])
  }

  @Test func `an activity rule follows the wall clock into and out of its window`() throws {
    var rule = lying
    rule.schedule = Schedule("07:00-22:00")
    var run = try Run(rule, from: "2026-10-01T03:00:00Z")
    run.start("Lie")
    run.pass(minutes: 20)
    run.set(clockBy: 6 * 3600)
    run.pass(minutes: 9)
    #expect(run.log.isEmpty)
    run.pass(minutes: 2)
    #expect(run.log == ["raised lying@1800.0"])
    run.set(clockBy: -6 * 3600)
    run.pass(1)
    #expect(run.log.last == "cleared (window) lying@1861.0")
  }

  @Test func `an activity rule without a duration is raised at once, even for what ends in the same moment`() throws {
    var run = try Run(Rule(.activity, "fall") { $0.activities = ["Fall"] })
    run.pass(2.5)
    run.start("Fall")
    run.end("Fall")
    run.pass(minutes: 1)
    #expect(run.log == ["raised fall@2.5", "cleared (ended) fall@18.0"])
  }
}

@Suite struct `A rule about somebody who fell` {
  private func rule(_ change: (inout Rule) -> Void = { _ in }) -> Rule {
    Rule(.notFollowed, "fallen") {
      $0.activities = ["Fall"]
      $0.followers = ["Getup", "Walk"]
      $0.duration = .seconds(60)
      change(&$0)
    }
  }

  @Test func `a fall rule is raised if the person does not get up, and cleared when they do`() throws {
    var run = try Run(rule())
    run.enter(1)
    run.pass(10)
    run.start("Fall", ago: 3)
    run.pass(5)
    run.end("Fall")
    run.pass(minutes: 5)
    run.start("Getup")
    run.pass(minutes: 5)
    #expect(run.log == ["raised fallen@67.0", "cleared (followed) fallen@315.0"])
    #expect(run.alerts[0].reason == "Fall, and no Getup or Walk for 60 s")
  }

  @Test func `a fall rule is not raised if the person gets up in time`() throws {
    var run = try Run(rule())
    run.start("Fall")
    run.pass(5)
    run.end("Fall")
    run.pass(50)
    run.start("Getup")
    run.pass(minutes: 5)
    #expect(run.log.isEmpty)
  }

  @Test func `a fall rule does not mistake somebody else who walks for the person who fell`() throws {
    var run = try Run(rule())
    run.enter(1)
    run.enter(2)
    run.start("Fall", person: 1)
    run.pass(10)
    run.start("Walk", person: 2)
    run.pass(minutes: 2)
    #expect(run.log == ["raised fallen@60.0"])
  }

  @Test func `a fall rule keeps waiting for a person out of sight, until whoever appears gets up`() throws {
    var run = try Run(rule())
    run.enter(1)
    run.start("Fall", person: 1)
    run.pass(10)
    run.leave(1)
    run.pass(minutes: 2)
    run.enter(7)
    run.start("Getup", person: 7)
    #expect(run.log == ["raised fallen@60.0", "cleared (followed) fallen@130.0"])
  }

  @Test func `a fall rule may count leaving as getting up, but not the loss of the camera`() throws {
    var run = try Run(rule { $0.leavingEnds = true })
    run.enter(1)
    run.start("Fall")
    run.pass(10)
    run.leave(1)
    run.pass(minutes: 2)
    #expect(run.log.isEmpty)
    run.enter(2)
    run.start("Fall", person: 2)
    run.leave(2, isLeaving: false)
    run.online(false)
    run.pass(minutes: 2)
    #expect(run.log == ["raised fallen@190.0"])
    #expect(run.alerts[0].reason == "Fall, and no Getup or Walk for 60 s; not watched for 60 s of it")
  }

  @Test func `a fall rule is raised after a loss of the camera, unless it limits unwatched time`() throws {
    for (limit, expected) in [(nil, ["raised fallen@60.0"]), (Duration.seconds(20), [])] {
      var run = try Run(rule { $0.unwatched = limit })
      run.start("Fall")
      run.pass(10)
      run.online(false)
      run.pass(minutes: 5)
      #expect(run.log == expected)
    }
  }

  @Test func `a fall rule needs a new fall once it was cleared by timeout`() throws {
    var run = try Run(rule { $0.clearAfter = .seconds(100) })
    run.start("Fall")
    run.pass(minutes: 10)
    run.start("Fall")
    run.pass(minutes: 1)
    #expect(run.log == ["raised fallen@60.0", "cleared (timeout) fallen@160.0", "raised fallen@660.0"])
  }

  @Test func `a fall rule only considers falls within its window`() throws {
    var run = try Run(rule { $0.schedule = Schedule("22:00-06:00") }, from: "2026-10-01T21:00:00Z")
    run.start("Fall")
    run.pass(hours: 2)
    #expect(run.log.isEmpty)
    run.start("Fall")
    run.pass(minutes: 2)
    #expect(run.log == ["raised fallen@7260.0"])
  }
}
