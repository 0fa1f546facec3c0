import Detection
import ModelFile
import Networks
import Recognition
import Video

@testable import Pipeline

/// Drives a pipeline with generated frames, a scripted finder and scripted scores, and records its outputs.
final class Drive {
  static let labels = ["Walk", "Sit", "background"]

  var pipeline: CameraPipeline
  var said: [PipelineOutput] = []
  var windows: [WindowOrder] = []
  var tickets: [PictureTicket] = []
  /// Scores of each window; while `nil`, nothing is scored.
  var score: ((WindowOrder) -> [Float])? = { _ in [0.9, 0.05, 0.05] }
  /// The boxes at a time; while `nil`, the finder does not answer.
  var find: ((Duration) -> Result<[ScoredBox], DetectionError>)?
  /// Delays answers by this many frames, like a slow finder.
  var finderDelay = 0
  private var waiting: [(frame: Int, PictureTicket)] = []
  private var frames = 0
  private var sequence = 0

  /// The activities to decide on.
  private let activities: [String]

  init(
    _ edit: (inout PipelineOptions) throws -> Void = { _ in }, view: PipelineOptions.View = .scene,
    grouping: LabelGrouping = LabelGrouping(labels: Drive.labels)
  ) throws {
    activities = grouping.activities
    var options = PipelineOptions(frames: 8, size: 8, rate: SampleRate(15), grouping: grouping, view: view)
    options.hop = 2
    options.recognition.onHold = 1
    options.recognition.offHold = 1
    options.recognition.smoothingWindows = 1
    try edit(&options)
    pipeline = try CameraPipeline(options)
  }

  /// Feeds frames at 15 per second from `begin` on, all different or of one grey; returns the time after the last.
  @discardableResult
  func play(
    _ count: Int, from begin: Duration, size: FrameSize = FrameSize(width: 64, height: 48), picture: UInt8? = nil
  ) -> Duration {
    for index in 0..<count {
      var frame = Frame()
      frame.timestamp = begin + SampleRate(15).offset(ofTick: index)
      frame.sequence = sequence
      sequence += 1
      frame.size = size
      frame.bytes = [UInt8](repeating: picture ?? UInt8(sequence % 256), count: size.width * size.height)
      frame.byteCount = frame.bytes.count
      frame.planes = [Frame.Plane(offset: 0, rowBytes: size.width)]
      frames += 1
      serve(pipeline.take(&frame, at: frame.timestamp))
      while let (due, ticket) = waiting.first, due <= frames {
        waiting.removeFirst()
        if let find { serve(pipeline.take(found: find(ticket.time), in: ticket)) }
      }
    }
    return begin + SampleRate(15).offset(ofTick: count)
  }

  /// Feeds frames that claim to be JPEG but are not, at 15 per second.
  func playGarbage(_ count: Int, from begin: Duration) {
    for index in 0..<count {
      var frame = Frame()
      frame.timestamp = begin + SampleRate(15).offset(ofTick: index)
      frame.sequence = sequence
      sequence += 1
      frame.format = .mjpeg
      frame.size = FrameSize(width: 64, height: 48)
      frame.bytes = [0xFF, 0xD8, 0xFF, 0xD9]
      frame.byteCount = 4
      serve(pipeline.take(&frame, at: frame.timestamp))
    }
  }

  func serve(_ outputs: [PipelineOutput]) {
    for output in outputs {
      said.append(output)
      switch output {
      case .window(let order, let window):
        windows.append(order)
        pipeline.recycle(window)
        if let score { serve(pipeline.take(score(order), for: order)) }
      case .picture(let ticket, _):
        tickets.append(ticket)
        if finderDelay > 0 {
          waiting.append((frames + finderDelay, ticket))
        } else if let find {
          serve(pipeline.take(found: find(ticket.time), in: ticket))
        }
      default: break
      }
    }
  }

  var condition: CameraCondition { pipeline.condition }
  var isStalled: Bool { pipeline.isStalled }
  var counters: PipelineCounters { pipeline.counters }

  /// The outputs, as short words.
  var story: [String] { said.compactMap(word) }

  private func word(_ output: PipelineOutput) -> String? {
    switch output {
    case .condition(let condition, _): condition.rawValue
    case .entered(let person): "entered \(person.id)"
    case .left(let person, _, let reason): "left \(person.id) \(reason.rawValue)"
    case .activity(.started(let activity), let person, _): "start \(activities[activity.index])\(of(person))"
    case .activity(.ended(let activity, let reason), let person, _):
      "end \(activities[activity.index])\(of(person)) \(reason.rawValue)"
    case .slow(let reason): "slow: \(reason)"
    case .degraded: "degraded"
    case .recovered: "recovered"
    case .finderFailed: "finder failed"
    case .finderRecovered: "finder works"
    case .skippedFrame: "skipped"
    case .activity(.updated, _, _), .situation, .scored, .window, .picture, .preview, .placed: nil
    }
  }

  /// The reasons given for the camera's conditions.
  var reasons: [String] {
    said.compactMap { if case .condition(_, let reason) = $0 { reason } else { nil } }
  }

  private func of(_ person: PersonView?) -> String { person.map { " of \($0.id)" } ?? "" }

  var previews: [PreviewPicture] { said.compactMap { if case .preview(let picture) = $0 { picture } else { nil } } }

  /// The words of the situations, in order.
  var situations: [Situation.Word] {
    said.compactMap { if case .situation(let situation) = $0 { situation.word } else { nil } }
  }
}

/// A standing person, at a position in fractions of the picture's width.
func standing(at x: Double, score: Float = 0.9) -> ScoredBox {
  ScoredBox(box: PictureBox(x: x - 0.06, y: 0.3, width: 0.12, height: 0.6), score: score)
}
