import Alerts
import Events
import Rules
import Testing

@Suite struct `Rules on messages` {
  private let lying = "lying: {when: activity, activities: [Lie], for: 1m, gap: 10s, message: Look after Anna}"

  @Test func `rules give alerts that share an id, with who, where, why and when`() throws {
    var watch = try Made.watch(lying)
    var said = watch.take(Made.health(.online), at: Made.moment(1)).alerts
    said += watch.take(Made.activity(.start, "Lie", person: 3, onset: 5), at: Made.moment(9)).alerts
    said += watch.tick(at: Made.moment(100)).alerts
    let raised = try #require(said.first?.alert)
    #expect(said.count == 1)
    #expect(raised.type == .raised && raised.rule == "lying" && raised.cameras == ["room"])
    #expect(raised.person?.id == 3 && raised.message == "Look after Anna" && raised.reason == "Lie for 60 s")
    #expect(raised.since == Made.instant(5) && raised.raised == Made.instant(65) && raised.id.utf8.count == 26)
    #expect(watch.state.alerts == [raised])

    said = watch.take(Made.activity(.end, "Lie", person: 3, onset: 5, offset: 120), at: Made.moment(124)).alerts
    said += watch.tick(at: Made.moment(140)).alerts
    let cleared = try #require(said.first?.alert)
    #expect(cleared.type == .cleared && cleared.id == raised.id && cleared.clearReason == "ended")
    #expect(cleared.cleared == Made.instant(131) && cleared.duration == 66)
    #expect(watch.state.alerts.isEmpty)
  }

  @Test func `rules learn from a first state what was going on before, and nothing new from later ones`() throws {
    var watch = try Made.watch(lying)
    _ = watch.take(Made.state("activity", people: [(3, "Lie")], since: -100), at: Made.moment(1))
    #expect(watch.state.alerts.map(\.person?.id) == [3])
    _ = watch.take(Made.activity(.end, "Lie", person: 3, onset: -100, offset: 20), at: Made.moment(20))
    _ = watch.take(Made.state("activity", people: [(3, "Lie")], since: -100), at: Made.moment(21))
    let said = watch.tick(at: Made.moment(60)).alerts
    #expect(said.map(\.alert.clearReason) == ["ended"])
  }

  @Test func `rules do not mistake a camera that is too slow for one that sees nothing`() throws {
    for (slow, expected) in [(false, 1), (true, 0)] {
      var watch = try Made.watch("meal: {when: noActivity, activities: [Eat], for: 1m, cameras: room}")
      _ = watch.take(Made.state("idle"), at: Made.moment(0))
      if slow { _ = watch.take(Made.health(.slow), at: Made.moment(1)) }
      #expect(watch.tick(at: Made.moment(100)).alerts.count == expected)
      // A full window ends it.
      _ = watch.take(Made.state("idle"), at: Made.moment(101))
      #expect(watch.tick(at: Made.moment(200)).alerts.count == 1 - expected)
    }
  }

  @Test func `alerts name nobody if the whole picture is analysed`() throws {
    var watch = try Made.watch(lying)
    _ = watch.take(Made.health(.online), at: Made.moment(0))
    _ = watch.take(Made.activity(.start, "Lie", person: nil, onset: 0), at: Made.moment(0))
    let said = watch.tick(at: Made.moment(90)).alerts
    #expect(said.count == 1 && said[0].alert.person == nil)
  }

  @Test func `rules clear raised alerts when the daemon stops`() throws {
    var watch = try Made.watch("away: {when: cameraAway, for: 10s}")
    #expect(watch.tick(at: Made.moment(20)).alerts.map(\.alert.cameras) == [["room"], ["hall"]])
    let said = watch.stop(at: Made.moment(30)).alerts
    #expect(said.map(\.alert.clearReason) == ["shutdown", "shutdown"])
    #expect(watch.state.alerts.isEmpty)
  }

  @Test func `rules judge windows in the configured time zone`() throws {
    // 14:00 in Berlin.
    var watch = try Made.watch("lunch: {when: noActivity, activities: [Eat], during: \"13:30-15:00\", unwatched: 30m}")
    for camera in ["room", "hall"] { _ = watch.take(Made.state("idle", camera: camera), at: Made.moment(0)) }
    #expect(watch.tick(at: Made.moment(3599)).alerts.isEmpty)
    let said = watch.tick(at: Made.moment(3601)).alerts
    #expect(said.map(\.at) == [Made.instant(3600)])
    #expect(said.first?.alert.unwatched == 1800)
    #expect(said.first?.alert.reason == "no Eat between 13:30 and 15:00; not watched for 30 min of it")
  }
}
