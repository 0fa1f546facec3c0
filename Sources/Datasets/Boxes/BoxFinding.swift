import Capture
package import Detection
import Foundation
import People
import Synchronization
import Video

/// Finds the person in every recording with the daemon's own finder and tracker, and stores the boxes in files.
///
/// Recordings that already have a file are skipped, so an interrupted run continues where it stopped.
package struct BoxFinding: Sendable {
  /// What finds people.
  package enum Finder: Equatable, Sendable {
    /// An ONNX detector of the YOLOX family.
    case model(path: String)
    /// Whatever moves in front of a static background.
    case motion
  }

  /// The results of a search through all recordings.
  package struct Report: Sendable {
    /// Recordings searched now, and recordings that already had a file.
    package var found = 0
    package var kept = 0
    /// Names of the recordings in which nobody was found.
    package var empty: [String] = []
    package var broken: [(name: String, reason: String)] = []
  }

  private let finder: Finder
  private let folder: String

  /// - Parameters:
  ///   - finder: what finds people.
  ///   - folder: an existing folder for the files.
  package init(_ finder: Finder, folder: String) { (self.finder, self.folder) = (finder, folder) }

  /// - Parameters:
  ///   - clips: the recordings; those without video are skipped.
  ///   - workers: number of threads, each with its own finder.
  ///   - progress: called after each recording, from any thread; returns false to stop.
  /// - Returns: what was found.
  /// - Throws: `DetectionError` if the finder cannot start.
  package func run(
    _ clips: [Clip], workers: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Bool
  ) throws(DetectionError) -> Report {
    let clips = clips.filter { $0.video != nil }.onePerRecording
    let state = Mutex((next: 0, done: 0, isStopped: false, report: Report(), failure: DetectionError?.none))
    DispatchQueue.concurrentPerform(iterations: max(1, min(workers, clips.count))) { _ in
      let detector: (any PersonFinder)?
      do throws(DetectionError) {
        detector = if case .model(let path) = finder { try ModelFinder(path: path, threads: 1) } else { nil }
      } catch {
        state.withLock { ($0.isStopped, $0.failure) = (true, error) }
        return
      }
      while true {
        let index = state.withLock { state in
          state.next += 1
          return state.isStopped ? clips.count : state.next - 1
        }
        guard index < clips.count else { return }
        let clip = clips[index]
        let outcome = Result { () throws(DatasetError) in try write(clip, detector) }
        let done = state.withLock { state in
          switch outcome {
          case .success(nil): state.report.kept += 1
          case .success(let file?):
            state.report.found += 1
            if file.rows.isEmpty { state.report.empty.append(clip.recording) }
          case .failure(let error): state.report.broken.append((clip.recording, "\(error)"))
          }
          state.done += 1
          return state.done
        }
        if !progress(done, clips.count) { state.withLock { $0.isStopped = true } }
      }
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
    var report = state.withLock { $0.report }
    report.empty.sort()
    report.broken.sort { $0.name < $1.name }
    return report
  }

  /// Finds and writes the boxes of a recording; `nil` if its file already exists.
  private func write(_ clip: Clip, _ detector: (any PersonFinder)?) throws(DatasetError) -> BoxesFile? {
    let path = BoxesFile.path(folder: folder, name: clip.recording)
    guard fileKind(path) == nil, let video = clip.video else { return nil }
    let file = BoxesFile(try find(in: video, detector))
    try file.write(to: path)
    return file
  }

  private func find(in path: String, _ detector: (any PersonFinder)?) throws(DatasetError) -> [BoxesFile.Row] {
    let video = try RecordedVideo(path)
    let (count, rate, _) = try video.information()
    let step = BoxTrack.interval(framesPerSecond: rate)
    var options = TrackerOptions()
    // A recording is known to show somebody, so do not wait for confirmation.
    options.birthHits = 1
    options.keepsStill = detector == nil
    // Who keeps still from the start is somebody, too.
    if detector == nil { options.strongScore = MotionFinder.stillScore }
    var working = FramePreprocessor(.working(WorkingPicture()))
    var picture = Frame()
    var tracker: PersonTracker?
    var rows: [BoxesFile.Row] = []

    func failure(_ frame: Int, _ error: any Error) -> DatasetError {
      .unreadable(path: path, reason: "frame \(frame): \(error)")
    }
    func prepare(_ frame: inout Frame, _ index: Int) throws(DatasetError) {
      picture.layOut(.rgb24, working.picture.size(of: frame.size), color: frame.color)
      do throws(VideoError) { try working.process(&frame, into: &picture.bytes) } catch { throw failure(index, error) }
    }
    func find(_ finder: any PersonFinder, _ index: Int) throws(DatasetError) -> [ScoredBox] {
      do throws(DetectionError) { return try finder.find(in: picture) } catch { throw failure(index, error) }
    }

    let finder: any PersonFinder
    if let detector {
      finder = detector
    } else {
      // Motion needs every frame, and a background first, so the recording is played twice. By then the model must have
      // forgotten where somebody stood at the start.
      let seconds = Double(count ?? 300) / rate
      do throws(DetectionError) {
        finder = try MotionFinder(picturesPerSecond: rate, absorbSeconds: max(1, seconds / 2))
      } catch { throw failure(0, error) }
      _ = try video.scan(nil) { frame, index throws(DatasetError) in
        try prepare(&frame, index)
        _ = try find(finder, index)
      }
    }
    _ = try video.scan(nil) { frame, index throws(DatasetError) in
      guard detector == nil || index % step == 0 else { return }
      try prepare(&frame, index)
      let boxes = try find(finder, index)
      guard index % step == 0 else { return }
      let aspect = Double(picture.size.width) / Double(picture.size.height)
      var following = tracker ?? PersonTracker(options, aspect: aspect)
      _ = following.update(boxes, at: .seconds(Double(index) / rate))
      tracker = following
      rows += following.people.map { BoxesFile.Row(frame: index, person: $0.id, box: $0.box) }
    }
    return rows
  }
}

/// A sheet of pictures with the boxes that were found, for people to look at.
package enum BoxSheet {
  private static let columns = 6
  private static let cell = FrameSize(width: 213, height: 160)

  /// Writes one picture per recording, from the middle of its boxes: the main person's box in green, the square that
  /// the network sees in yellow, other people in blue.
  ///
  /// - Throws: `DatasetError`, or `CaptureError.unwritable`.
  package static func write(_ clips: [Clip], boxes folder: String, to path: String) throws {
    let clips = clips.filter { $0.video != nil }.onePerRecording
    guard !clips.isEmpty else { return }
    var sheet = PictureSheet(columns: columns, rows: (clips.count + columns - 1) / columns, cell: cell)
    for (place, clip) in clips.enumerated() {
      let file = try BoxesFile(path: BoxesFile.path(folder: folder, name: clip.recording))
      let video = try RecordedVideo(clip.video ?? "")
      let main = file.mainPerson
      let own = file.rows.filter { $0.person == main }
      let wanted = own.isEmpty ? 0 : own[own.count / 2].frame
      let track = file.track(framesPerSecond: try video.information().rate)
      var preprocessor = FramePreprocessor(.working(WorkingPicture()))
      _ = try video.scan([wanted]) { frame, index throws(DatasetError) in
        var pixels: [UInt8] = []
        let size: FrameSize
        do throws(VideoError) { size = try preprocessor.process(&frame, into: &pixels) } catch {
          throw .unreadable(path: clip.video ?? "", reason: "\(error)")
        }
        let (column, row) = (place % columns, place / columns)
        sheet.place(pixels, size, column: column, row: row)
        for found in file.rows where found.frame == index {
          sheet.outline(found.box, found.person == main ? (0, 230, 0) : (60, 120, 255), column: column, row: row)
        }
        let square = track.square(upTo: index + BoxTrack.interval(framesPerSecond: track.framesPerSecond), in: size)
        sheet.outline(PictureBox(square, of: size), (255, 220, 0), column: column, row: row)
      }
    }
    try sheet.write(to: path)
  }
}

extension PictureBox {
  fileprivate init(_ square: PixelRectangle, of picture: FrameSize) {
    let (width, height) = (Double(picture.width), Double(picture.height))
    self.init(
      x: Double(square.x) / width, y: Double(square.y) / height, width: Double(square.width) / width,
      height: Double(square.height) / height)
  }
}
