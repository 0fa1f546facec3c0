import Basics
import Capture
import Foundation
import Video

/// The frames of one recording: a video file, or a folder of pictures in the order of their names.
struct RecordedVideo {
  private enum Source {
    case file(String)
    case pictures([String])
  }

  /// An hour at 30 frames per second; its windows must fit in memory.
  private static let mostFrames = 108_000

  private let path: String
  private let source: Source
  /// True if seconds are converted to frame numbers, which requires evenly spaced frames.
  private let isTimed: Bool
  /// How many seconds a frame may be away from the time its number implies.
  private static let largestDrift = 0.5
  /// Frames per second of picture folders, as from a Kinect, and of files that do not declare a rate.
  static let usualRate = 30.0

  init(_ path: String, isTimed: Bool = false) throws(DatasetError) {
    self.path = path
    self.isTimed = isTimed
    guard let kind = fileKind(path) else {
      throw .missing(path: path, purpose: "it should be the video of a recording")
    }
    guard kind == .typeDirectory else {
      source = .file(path)
      return
    }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw .unreadable(path: path, reason: reasonText(error))
    }
    var pictures = names.filter { name in
      !name.hasPrefix(".") && ["jpg", "jpeg", "png"].contains { name.lowercased().hasSuffix("." + $0) }
    }
    // N-UCLA's folders also contain depth pictures.
    let colored = pictures.filter { ($0 as NSString).deletingPathExtension.hasSuffix("_rgb") }
    if !colored.isEmpty { pictures = colored }
    guard !pictures.isEmpty else {
      throw .unreadable(path: path, reason: "the folder contains no .jpg, .jpeg or .png pictures")
    }
    source = .pictures(FrameFolder.ordered(pictures, in: path).map { path + "/" + $0 })
  }

  /// Chooses windows by the number of frames, and decodes only up to the last frame needed.
  ///
  /// A file's header may declare more frames than there are; the choice is then repeated with the actual number.
  ///
  /// - Parameter choose: which windows to cut for a number of frames at a rate in frames per second.
  /// - Returns: the cutter, with all its pictures.
  /// - Throws: `DatasetError` if no picture at all can be decoded, or what `choose` throws.
  func read(_ choose: (_ frames: Int, _ rate: Double) throws(DatasetError) -> WindowCutter) throws(DatasetError)
    -> WindowCutter
  {
    let announced = try information()
    var count: Int
    if let known = announced.count { count = known } else { count = try countFrames() }
    // A second pass is needed only if the header was wrong, a third never.
    for _ in 0..<2 {
      guard count <= Self.mostFrames else {
        throw .unreadable(path: path, reason: "it has more than \(Self.mostFrames) frames, an hour")
      }
      guard count > 0 else { throw .unreadable(path: path, reason: "no picture in it could be decoded") }
      var cutter = try choose(count, announced.rate)
      let wanted = cutter.wanted
      count = try scan(wanted) { frame, index throws(DatasetError) in
        try cutter.take(&frame, index, path: path)
      }
      if cutter.isComplete { return cutter }
    }
    throw .unreadable(path: path, reason: "it yields different pictures each time it is read")
  }

  /// Decodes the whole recording, to keep it.
  ///
  /// - Parameter asWorkingPictures: keeps reduced working pictures, from which people are cut, where those are smaller.
  /// - Returns: every frame.
  /// - Throws: `DatasetError` if no picture at all can be decoded.
  func decoded(asWorkingPictures: Bool) throws(DatasetError) -> DecodedRecording {
    let header = try information()
    var recording = DecodedRecording(rate: header.rate, announced: header.count)
    var working = FramePreprocessor(.working(WorkingPicture()))
    let count = try scan(nil) { frame, index throws(DatasetError) in
      guard index < Self.mostFrames else { return }
      let size = WorkingPicture().size(of: frame.size)
      if index == 0, asWorkingPictures, size.width * size.height * 3 < frame.byteCount {
        recording.pictureSize = frame.size
      }
      guard recording.pictureSize != nil else {
        recording.frames.append(frame)
        recording.frames[index].bytes = Array(frame.bytes.prefix(frame.byteCount))
        return
      }
      var kept = Frame()
      kept.layOut(.rgb24, size, color: frame.color)
      do throws(VideoError) {
        try working.process(&frame, into: &kept.bytes)
      } catch {
        throw .unreadable(path: path, reason: "frame \(index): \(error)")
      }
      recording.frames.append(kept)
    }
    guard count <= Self.mostFrames else {
      throw .unreadable(path: path, reason: "it has more than \(Self.mostFrames) frames, an hour")
    }
    return recording
  }

  /// Like `read`, for a recording decoded before; chooses the same windows and gives the same pictures.
  func read(
    _ recording: DecodedRecording, _ choose: (_ frames: Int, _ rate: Double) throws(DatasetError) -> WindowCutter
  ) throws(DatasetError) -> WindowCutter {
    let count = recording.frames.count
    guard count > 0 else { throw .unreadable(path: path, reason: "no picture in it could be decoded") }
    var cutter = try choose(recording.announced ?? count, recording.rate)
    if cutter.wanted.contains(where: { $0 >= count }) { cutter = try choose(count, recording.rate) }
    for index in cutter.wanted.sorted() {
      // A copy, because cutting may mask it; the bytes are shared until then.
      var frame = recording.frames[index]
      if let size = recording.pictureSize {
        try cutter.take(working: &frame, of: size, index, path: path)
      } else {
        try cutter.take(&frame, index, path: path)
      }
    }
    return cutter
  }

  /// Decodes the whole recording and counts its pictures.
  ///
  /// - Throws: `DatasetError` if there are none, or more than can be loaded.
  func countFrames() throws(DatasetError) -> Int {
    let count = try scan(nil) { _, _ in }
    guard count > 0 else { throw .unreadable(path: path, reason: "no picture in it could be decoded") }
    guard count <= Self.mostFrames else {
      throw .unreadable(path: path, reason: "it has more than \(Self.mostFrames) frames, an hour")
    }
    return count
  }

  /// The rate in frames per second, and the number and size of frames that the header declares.
  func information() throws(DatasetError) -> (count: Int?, rate: Double, size: FrameSize?) {
    switch source {
    case .pictures(let files):
      // If the first picture cannot be read, that is reported when it is decoded.
      let first = try? files.first.map { try MediaFile(.file($0)).information.size }
      return (files.count, Self.usualRate, first ?? nil)
    case .file(let path):
      do throws(CaptureError) {
        let information = try MediaFile(.file(path)).information
        // If the header declares more, the frames are counted: a hostile header must not reserve memory.
        let count = information.frameCount.flatMap { (1...Self.mostFrames).contains($0) ? $0 : nil }
        return (count, Self.rate(information), information.size)
      } catch {
        throw .unreadable(path: path, reason: "\(error)")
      }
    }
  }

  private static func rate(_ information: MediaInformation) -> Double {
    information.rate.flatMap { (1...1000).contains($0) ? $0 : nil } ?? usualRate
  }

  /// Decodes frames in order.
  ///
  /// - Parameters:
  ///   - wanted: frame numbers; `nil` for all.
  ///   - take: called with each wanted frame and its number; may change the frame.
  /// - Returns: how many frames were read: all, or those up to the last wanted one.
  /// - Throws: `DatasetError` if no picture at all can be decoded, or what `take` throws.
  func scan(
    _ wanted: Set<Int>?, _ take: (_ frame: inout Frame, _ index: Int) throws(DatasetError) -> Void
  ) throws(DatasetError) -> Int {
    var frame = Frame()
    var count = 0
    let last = wanted.map { $0.max() ?? 0 } ?? .max
    switch source {
    case .file(let path):
      do {
        var media = try MediaFile(.file(path))
        let rate = isTimed ? Self.rate(media.information) : nil
        while count <= last, case .frame = try media.next(into: &frame, timeout: .seconds(10)) {
          if let rate { try requireEven(frame, count, rate) }
          if wanted?.contains(count) ?? true { try take(&frame, count) }
          count += 1
        }
      } catch let error as DatasetError {
        throw error
      } catch  where count > 0 {
        // At a truncation some containers fail and others end; either way the frames before it are used.
      } catch {
        throw .unreadable(path: path, reason: "\(error)")
      }
      return count
    case .pictures(let files):
      for (index, file) in files.enumerated() where wanted?.contains(index) ?? true {
        do {
          var media = try MediaFile(.file(file))
          guard case .frame = try media.next(into: &frame, timeout: .seconds(10)) else {
            throw DatasetError.unreadable(path: file, reason: "it holds no picture")
          }
        } catch let error as DatasetError {
          throw error
        } catch {
          throw .unreadable(path: file, reason: "\(error)")
        }
        try take(&frame, index)
      }
      return files.count
    }
  }

  private func requireEven(_ frame: Frame, _ index: Int, _ rate: Double) throws(DatasetError) {
    let (time, expected) = (frame.timestamp / .seconds(1), Double(index) / rate)
    guard abs(time - expected) > Self.largestDrift else { return }
    let (found, even) = (String(format: "%.2f", time), String(format: "%.2f", expected))
    throw .unreadable(
      path: path,
      reason:
        "its frames are not evenly spaced: number \(index) is at \(found) s instead of \(even) s, so that begin and end "
        + "would name others; convert it: ffmpeg -i IN -vf fps=30 OUT")
  }
}
