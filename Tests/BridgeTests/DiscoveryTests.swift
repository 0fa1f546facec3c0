import Events
import Foundation
import Testing

@testable import Bridge

@Suite struct `Announcements to Home Assistant` {
  private var translator: Translator

  init() {
    var options = BridgeOptions(node: "flat12")
    options.labels = ["Drink.Fromcup"]
    options.activities = ["Drink.Fromcup", "Eat"]
    options.rules = ["fallen"]
    translator = Translator(options)
  }

  private mutating func announced() -> [String: String] {
    let all = translator.take(Made.message("kitchen", .state, Made.drinking), at: .zero)
    return Dictionary(uniqueKeysWithValues: all.map { ($0.topic, $0.payload) })
  }

  private let tail =
    #""origin":{"name":"adl-mqtt","sw_version":"0.1.0"},"qos":1,"#
  private let availability =
    #""availability":[{"topic":"adl/flat12/availability"},{"topic":"adl/flat12/_daemon/availability"}],"#
    + #""availability_mode":"all","#
  private let device =
    #""device":{"identifiers":["adl_flat12.kitchen"],"manufacturer":"adl","model":"Camera of adld","#
    + #""name":"adl kitchen","sw_version":"0.1.0","via_device":"adl_flat12"},"#

  @Test mutating func `announcements describe the activity sensor word for word`() {
    #expect(
      announced()["homeassistant/sensor/adl_flat12/kitchen_activity/config"] == "{" + availability + device
        + #""device_class":"enum","icon":"mdi:motion-sensor","json_attributes_topic":"adl/flat12/kitchen/state","#
        + #""name":"Activity","options":["empty","idle","no_signal","unknown","warming_up","Drink.Fromcup","Eat"],"#
        + tail + #""state_topic":"adl/flat12/kitchen/state","unique_id":"adl.flat12.kitchen.activity","#
        + #""value_template":"{{ value_json.activity | default(value_json.state) }}"}"#)
  }

  @Test mutating func `announcements describe presence, events and a rule word for word`() {
    let all = announced()
    #expect(
      all["homeassistant/binary_sensor/adl_flat12/kitchen_presence/config"] == "{" + availability + device
        + #""device_class":"occupancy","name":"Presence","# + tail
        + #""state_topic":"adl/flat12/kitchen/presence","unique_id":"adl.flat12.kitchen.presence"}"#)
    #expect(
      all["homeassistant/event/adl_flat12/kitchen_event/config"] == "{" + availability + device
        + #""event_types":["activity.start","activity.update","activity.end","person.entered","person.left"],"#
        + #""name":"Events","# + tail
        + #""state_topic":"adl/flat12/kitchen/event","unique_id":"adl.flat12.kitchen.event"}"#)
    #expect(
      all["homeassistant/binary_sensor/adl_flat12/_rules_fallen/config"] == "{" + availability
        + #""device":{"identifiers":["adl_flat12"],"manufacturer":"adl","model":"adld","name":"adl flat12","#
        + #""sw_version":"0.1.0"},"device_class":"problem","#
        + #""json_attributes_topic":"adl/flat12/_rules/fallen/state","name":"Rule fallen","# + tail
        + #""state_topic":"adl/flat12/_rules/fallen/state","unique_id":"adl.flat12._rules.fallen","#
        + #""value_template":"{{ value_json.state }}"}"#)
  }

  @Test mutating func `announcements describe the diagnostic sensors, whose counters expire`() {
    #expect(
      announced()["homeassistant/sensor/adl_flat12/kitchen_skipped_hops/config"] == "{" + availability + device
        + #""entity_category":"diagnostic","expire_after":300,"name":"Skipped hops","# + tail
        + #""state_class":"total_increasing","state_topic":"adl/flat12/kitchen/counters","#
        + #""unique_id":"adl.flat12.kitchen.skipped_hops","value_template":"{{ value_json.skipped_hops }}"}"#)
  }

  @Test mutating func `announcements name every entity once`() throws {
    struct Entity: Decodable {
      var unique_id: String
      var state_topic: String
    }
    let payloads = announced().filter { $0.key.hasPrefix("homeassistant/") }
    #expect(
      payloads.keys.sorted() == [
        "homeassistant/binary_sensor/adl_flat12/_daemon_connection/config",
        "homeassistant/binary_sensor/adl_flat12/_rules_fallen/config",
        "homeassistant/binary_sensor/adl_flat12/kitchen_activity_drink_fromcup/config",
        "homeassistant/binary_sensor/adl_flat12/kitchen_presence/config",
        "homeassistant/event/adl_flat12/_rules_event/config", "homeassistant/event/adl_flat12/kitchen_event/config",
        "homeassistant/sensor/adl_flat12/kitchen_activity/config",
        "homeassistant/sensor/adl_flat12/kitchen_condition/config",
        "homeassistant/sensor/adl_flat12/kitchen_frames/config",
        "homeassistant/sensor/adl_flat12/kitchen_health/config",
        "homeassistant/sensor/adl_flat12/kitchen_people/config",
        "homeassistant/sensor/adl_flat12/kitchen_skipped_hops/config",
      ])
    let entities = try payloads.values.map { try JSONDecoder().decode(Entity.self, from: Data($0.utf8)) }
    #expect(Set(entities.map(\.unique_id)).count == payloads.count)
  }

  @Test mutating func `announcements precede the states, and are repeated when Home Assistant starts`() throws {
    _ = announced()
    let again = translator.take(brokerTopic: "homeassistant/status", payload: "online", isRetained: false)
    let topics = again.map(\.topic)
    let lastAnnouncement = try #require(topics.lastIndex { $0.hasPrefix("homeassistant/") })
    let firstState = try #require(topics.firstIndex { !$0.hasPrefix("homeassistant/") })
    #expect(lastAnnouncement < firstState && topics.last == "adl/flat12/availability")
    #expect(translator.take(brokerTopic: "homeassistant/status", payload: "offline", isRetained: false) == [])
  }

  @Test mutating func `announcements of cameras and labels that are gone are withdrawn, with their states`() {
    let old = "homeassistant/sensor/adl_flat12/attic_activity/config"
    let label = "homeassistant/binary_sensor/adl_flat12/kitchen_activity_sleep/config"
    #expect(
      translator.take(
        brokerTopic: old, payload: #"{"state_topic":"adl/flat12/attic/state"}"#, isRetained: true
      ).allSatisfy { !$0.payload.isEmpty })
    _ = translator.take(
      brokerTopic: label, payload: #"{"state_topic":"adl/flat12/kitchen/activity/sleep"}"#, isRetained: true)
    _ = translator.take(
      brokerTopic: "homeassistant/sensor/adl_flat12/x/config", payload: #"{"state_topic":"zigbee/lamp"}"#,
      isRetained: true)
    _ = announced()
    var cleared: Set<String> = []
    for _ in 0..<3 {
      for publication in translator.take(Made.heartbeat(["kitchen"]), at: .zero) where publication.payload.isEmpty {
        cleared.insert(publication.topic)
      }
    }
    #expect(
      cleared == [
        old, label, "adl/flat12/attic/state", "adl/flat12/kitchen/activity/sleep",
        "homeassistant/sensor/adl_flat12/x/config",
      ])
  }

  @Test mutating func `announcements of a camera that is not known yet are kept`() {
    let presence = "homeassistant/binary_sensor/adl_flat12/hall_presence/config"
    _ = translator.take(brokerTopic: presence, payload: "{}", isRetained: true)
    for _ in 0..<4 {
      #expect(translator.take(Made.heartbeat(["hall"]), at: .zero).allSatisfy { !$0.payload.isEmpty })
    }
  }

  @Test func `announcements restore a rule from an earlier run as switched off`() {
    var translator = Translator(BridgeOptions(node: "flat12"))
    let changes = translator.take(
      brokerTopic: "homeassistant/binary_sensor/adl_flat12/_rules_fallen/config",
      payload: #"{"state_topic":"adl/flat12/_rules/fallen/state"}"#, isRetained: true)
    #expect(changes.map(\.line).contains(#"adl/flat12/_rules/fallen/state {"alerts":0,"state":"OFF"} retained"#))
  }

  @Test func `announcements carry the version of the Debian package`() throws {
    let changelog = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("debian/changelog")
    #expect(try String(contentsOf: changelog, encoding: .utf8).hasPrefix("adl (\(BridgeVersion.text)) "))
  }
}
