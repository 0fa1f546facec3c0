import Bridge
import Events
import Foundation

/// Messages of a daemon on `flat12`, as published.
enum Made {
  static func message(_ camera: String, _ kind: Topic.Kind, _ json: String) -> EventSubscriber.Message {
    EventSubscriber.Message(topic: Topic(node: "flat12", camera: camera, kind), json: Data(json.utf8))
  }

  static let since = #"{"time":"2026-10-01T07:31:04.120Z","mono_ns":1}"#
  static let label = #"{"label":"Drink.Fromcup","index":8,"family":"Drink"}"#
  static let person = #"{"id":2,"box":{"x":0.3,"y":0.2,"width":0.1,"height":0.5},"since":\#(since)}"#

  static let start = #"""
    {"type":"activity.start","schema":"adl.event/1","id":"01J","epoch":"e","seq":7,"node":"flat12","camera":"kitchen",\#
    "activity":\#(label),"confidence":0.87,"peak":0.93,"threshold":{"on":0.6,"off":0.4},"topk":[],"onset":\#(since),\#
    "model":{"name":"m","sha256":"0","classes":31}}
    """#

  /// The kitchen with a person who is drinking.
  static let drinking = #"""
    {"type":"state","camera":"kitchen","state":"activity","activity":\#(label),"activity_id":"01J","since":\#(since),\#
    "condition":"online","people":[{"person":\#(person),"state":"activity","activity":\#(label),"since":\#(since)}]}
    """#

  static func state(_ word: String, condition: String = "online", people: String? = "[]") -> String {
    #"{"type":"state","camera":"kitchen","state":"\#(word)","since":\#(since),"condition":"\#(condition)""#
      + (people.map { #","people":\#($0)"# } ?? "") + "}"
  }

  static func alert(_ type: String, _ more: String = "") -> String {
    #"""
    {"type":"\#(type)","id":"01A","rule":"fallen","cameras":["kitchen"],"message":"Look","reason":"lies for 60 s",\#
    "since":\#(since),"raised":\#(since)\#(more)}
    """#
  }

  static func heartbeat(_ cameras: [String], frames: Int = 10, isStopping: Bool = false) -> EventSubscriber.Message {
    let counters = cameras.map { #""\#($0)":{"frames":\#(frames),"skipped_hops":1}"# }.joined(separator: ",")
    return EventSubscriber.Message(
      topic: .heartbeat(node: "flat12"),
      json: Data(#"{"type":"heartbeat","topics":{},"stopping":\#(isStopping),"cameras":{\#(counters)}}"#.utf8))
  }

  static var quiet: BridgeOptions {
    var options = BridgeOptions(node: "flat12")
    options.discovery = nil
    return options
  }
}

extension Publication {
  /// Topic, payload and kind.
  var line: String { "\(topic) \(payload) \(kind)" }
}
