/// One entity in Home Assistant's MQTT discovery format; keys are written in snake case.
///
/// - Source: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and the pages of `sensor.mqtt`,
///   `binary_sensor.mqtt` and `event.mqtt`.
struct EntityConfiguration: Encodable {
  /// A topic that says whether the entity is available.
  struct Availability: Encodable {
    var topic: String
  }

  /// The device that Home Assistant groups the entity under.
  struct Device: Encodable {
    var identifiers: [String]
    var name: String
    var manufacturer = "adl"
    var model: String
    var swVersion = BridgeVersion.text
    var viaDevice: String?
  }

  /// The program that announces the entity.
  struct Origin: Encodable {
    var name = "adl-mqtt"
    var swVersion = BridgeVersion.text
  }

  var name: String
  var uniqueId: String
  var stateTopic: String
  var availability: [Availability]
  /// Both the bridge and the daemon must be available.
  var availabilityMode = "all"
  var device: Device
  var origin = Origin()
  var qos: Int
  var valueTemplate: String?
  var jsonAttributesTopic: String?
  var deviceClass: String?
  var stateClass: String?
  var options: [String]?
  var eventTypes: [String]?
  var entityCategory: String?
  var expireAfter: Int?
  var payloadOn: String?
  var payloadOff: String?
  var icon: String?
}

/// This program's version, for Home Assistant's device list.
package enum BridgeVersion {
  package static let text = "0.1.0"
}
