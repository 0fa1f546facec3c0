// Prints activities as adld recognises them: subscriber [events endpoint].
import CZeroMQ
import Foundation

/// The fields of an event that are shown; others are ignored, so newer daemons are understood too.
struct ActivityEvent: Decodable {
  struct Activity: Decodable {
    var label: String
    /// Where the model has families: the most probable label of the family that `label` names.
    var member: String?
  }
  struct Person: Decodable { var id: Int }
  struct Instant: Decodable { var time: String }
  var type: String
  var epoch: String
  var seq: Int
  /// Absent in alerts.
  var camera: String?
  /// Absent where somebody only came or left.
  var activity: Activity?
  /// Absent where the whole picture is looked at.
  var person: Person?
  var onset: Instant?
  var duration_s: Double?
  var end_reason: String?
  /// The rule behind an alert, and why it was raised.
  var rule: String?
  var reason: String?
  var clear_reason: String?
}

let endpoint = CommandLine.arguments.dropFirst().first ?? "ipc:///run/adl/events.sock"
let context = zmq_ctx_new()
let socket = zmq_socket(context, ZMQ_SUB)
// All of the daemon's messages; "adl/1/NODE/CAMERA/event/" would be the events of one camera.
let prefix = "adl/1/"
zmq_setsockopt(socket, ZMQ_SUBSCRIBE, prefix, prefix.utf8.count)
guard zmq_connect(socket, endpoint) == 0 else {
  fatalError("\(endpoint): \(String(cString: zmq_strerror(zmq_errno())))")
}

/// One frame of the current message.
func receive() -> Data {
  var message = zmq_msg_t()
  zmq_msg_init(&message)
  defer { zmq_msg_close(&message) }
  guard zmq_msg_recv(&message, socket, 0) >= 0 else { return Data() }
  return Data(bytes: zmq_msg_data(&message), count: zmq_msg_size(&message))
}

/// The last number of each topic, to notice what was missed and to pass over repeats.
var last: [String: (epoch: String, seq: Int)] = [:]
while true {
  let topic = String(decoding: receive(), as: UTF8.self)
  let body = receive()
  // Other kinds, and events of a newer kind than this program, are passed over.
  guard topic.hasSuffix("/event/"), let event = try? JSONDecoder().decode(ActivityEvent.self, from: body)
  else { continue }
  if let before = last[topic], before.epoch == event.epoch {
    if event.seq <= before.seq { continue }
    if event.seq > before.seq + 1 { print("missed \(event.seq - before.seq - 1) messages on \(topic)") }
  }
  last[topic] = (event.epoch, event.seq)
  let who = event.person.map { "\(event.camera ?? ""), person \($0.id)" } ?? event.camera ?? ""
  let what = event.activity.map { $0.label + ($0.member.map { " (\($0))" } ?? "") } ?? ""
  switch event.type {
  case "activity.start": print("\(who): \(what) since \(event.onset?.time ?? "")")
  case "activity.end": print("\(who): \(what) ended after \(event.duration_s ?? 0) s (\(event.end_reason ?? ""))")
  case "person.entered": print("\(who) came")
  case "person.left": print("\(who) left after \(event.duration_s ?? 0) s")
  case "alert.raised", "alert.reminder": print("ALERT \(event.rule ?? ""): \(event.reason ?? "")")
  case "alert.cleared":
    print("alert \(event.rule ?? "") cleared after \(event.duration_s ?? 0) s (\(event.clear_reason ?? ""))")
  default: break
  }
  fflush(nil)  // at once, also into a pipe
}
