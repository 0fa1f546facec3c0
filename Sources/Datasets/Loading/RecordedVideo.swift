import Capture
import Foundation
import Video

/// The pictures of one recording: a video file, or a folder of pictures in the order of their names.
struct RecordedVideo {
  private enum Source {
    case file(String)
    case pictures([String])
  }

  /// An hour at 30 frames a second; whole windows of it must fit in memory.
  private static let mostFrames = 108_000

  private let path: String
  private let source: Source
  private let preprocessing: ClipPreprocessing

  init(_ path: String, _ preprocessing: ClipPreprocessing) throws(DatasetError) {
    self.path = path
    self.preprocessing = preprocessing
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
      throw .unreadable(path: path, reason: "the folder cannot be listed")
    }
    var pictures = names.filter { name in
      !name.hasPrefix(".") && ["jpg", "jpeg", "png"].contains { name.lowercased().hasSuffix("." + $0) }
    }
    // N-UCLA's folders also hold depth pictures.
    let colored = pictures.filter { ($0 as NSString).deletingPathExtension.hasSuffix("_rgb") }
    if !colored.isEmpty { pictures = colored }
    guard !pictures.isEmpty else { throw .unreadable(path: path, reason: "the folder holds no pictures") }
    // Numbers count as numbers: frame_9 comes before frame_10.
    source = .pictures(
      pictures.sorted { $0.compare($1, options: .numeric) == .orderedAscending }.map { path + "/" + $0 })
  }

  /// Chooses frames by the number there are, and decodes only as far as the last of them.
  ///
  /// A file's header may promise more than there is; the choice is then made again for what was found.
  ///
  /// - Parameter choose: windows of frame indices for a number of frames.
  /// - Returns: the windows, and the prepared pictures they show by index.
  /// - Throws: `DatasetError` when not one picture can be decoded.
  func read(_ choose: (Int) -> [[Int]]) throws(DatasetError) -> (windows: [[Int]], pictures: [Int: [UInt8]]) {
    var count: Int
    if let announced = try announcedCount() { count = announced } else { count = try countFrames() }
    // A second pass only when the header was wrong, a third never.
    for _ in 0..<2 {
      guard count <= Self.mostFrames else {
        throw .unreadable(path: path, reason: "it has more than \(Self.mostFrames) frames, an hour")
      }
      guard count > 0 else { throw .unreadable(path: path, reason: "no picture in it could be decoded") }
      let windows = choose(count)
      let wanted = Set(windows.joined())
      let (found, pictures) = try scan(for: wanted)
      if wanted.allSatisfy({ pictures[$0] != nil }) { return (windows, pictures) }
      count = found
    }
    throw .unreadable(path: path, reason: "it gives other pictures each time it is read")
  }

  /// Decodes the whole recording and counts its pictures.
  func countFrames() throws(DatasetError) -> Int { try scan(for: []).count }

  private func announcedCount() throws(DatasetError) -> Int? {
    switch source {
    case .pictures(let files): return files.count
    case .file(let path):
      do throws(CaptureError) {
        // What promises more is counted: a hostile header must not reserve memory.
        return try MediaFile(.file(path)).information.frameCount.flatMap {
          (1...Self.mostFrames).contains($0) ? $0 : nil
        }
      } catch {
        throw .unreadable(path: path, reason: "\(error)")
      }
    }
  }

  /// Decodes up to the last wanted frame, or to the end when none is, and prepares the wanted ones.
  private func scan(for wanted: Set<Int>) throws(DatasetError) -> (count: Int, pictures: [Int: [UInt8]]) {
    var preprocessor = FramePreprocessor(preprocessing)
    var pictures: [Int: [UInt8]] = [:]
    var frame = Frame()
    var count = 0
    let last = wanted.max() ?? Int.max
    func take(_ index: Int) throws(DatasetError) {
      guard wanted.contains(index) else { return }
      var pixels = [UInt8](repeating: 0, count: preprocessing.byteCount)
      do throws(VideoError) {
        try preprocessor.process(&frame, into: &pixels)
      } catch {
        throw .unreadable(path: path, reason: "frame \(index): \(error)")
      }
      pictures[index] = pixels
    }
    switch source {
    case .file(let path):
      do {
        var media = try MediaFile(.file(path))
        while count <= last, case .frame = try media.next(into: &frame, timeout: .seconds(10)) {
          try take(count)
          count += 1
        }
      } catch let error as DatasetError {
        throw error
      } catch  where count > 0 {
        // Some containers fail at a cut where others end; either way there is what came before it.
      } catch {
        throw .unreadable(path: path, reason: "\(error)")
      }
    case .pictures(let files):
      count = files.count
      for index in wanted.isEmpty ? Array(files.indices) : wanted.sorted() {
        do {
          var media = try MediaFile(.file(files[index]))
          guard case .frame = try media.next(into: &frame, timeout: .seconds(10)) else {
            throw DatasetError.unreadable(path: files[index], reason: "it holds no picture")
          }
          try take(index)
        } catch let error as DatasetError {
          throw error
        } catch {
          throw .unreadable(path: files[index], reason: "\(error)")
        }
      }
    }
    return (count, pictures)
  }
}
