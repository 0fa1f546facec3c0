import Annotation
import ArgumentParser
import Basics
import Capture
import Foundation
import ModelFile
import Pipeline

/// The files that `adl recognize` writes in addition to its output.
struct RecognitionFiles: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write the recording as MP4 with everybody's box, number, activity and best scores, without sound.",
      valueName: "out.mp4"))
  var video: String?

  @Option(help: ArgumentHelp("Write the activities as subtitles, in UTF-8.", valueName: "out.srt"))
  var subtitles: String?

  @Option(
    help: ArgumentHelp(
      "Write the activities as a table: person,label,start,end,confidence, times in seconds.", valueName: "out.csv"))
  var csv: String?

  private var paths: [(option: String, path: String)] {
    [("--video", video), ("--subtitles", subtitles), ("--csv", csv)].compactMap { option, path in
      path.map { (option, $0) }
    }
  }

  func validate() throws {
    if let video, !video.lowercased().hasSuffix(".mp4") {
      throw ValidationError("--video writes MP4; \(video) must end in .mp4")
    }
    for (option, path) in paths where path.isEmpty || path == "-" {
      throw ValidationError("\(option) needs the name of a file")
    }
    for (index, one) in paths.enumerated() {
      for other in paths.dropFirst(index + 1) where Self.resolved(one.path) == Self.resolved(other.path) {
        throw ValidationError("\(one.option) and \(other.option) are the same file, \(one.path)")
      }
    }
  }

  /// Rejects in advance what would only fail after recognition.
  ///
  /// - Parameters:
  ///   - source: the recording.
  ///   - inputs: files that must not be overwritten.
  /// - Throws: `ValidationError` or `CaptureError.unwritable`.
  func check(_ source: SourceDescription, inputs: [String]) throws {
    if video != nil, case .media(let location) = source, case .url = location {
      guard try !location.isLive(MediaFile(location).information) else {
        throw ValidationError("--video reads its source twice, but \(location) is live; record it to a file first")
      }
    }
    let kept = inputs.compactMap(FileIdentity.init)
    for (option, path) in paths {
      if let there = FileIdentity(path) {
        guard !kept.contains(there) else {
          throw ValidationError("\(option) would overwrite \(path), which is an input; choose another name")
        }
        guard there.isRegular else { throw CaptureError.unwritable(path: path, reason: "it is not a regular file") }
      }
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      guard unsafe access(folder, W_OK | X_OK) == 0 else {
        throw CaptureError.unwritable(path: path, reason: reasonText(errno))
      }
    }
  }

  /// Writes subtitles and table, each completely or not at all.
  func writeTexts(_ result: FileRecognition.Result, activities names: [String]) throws {
    let activities = result.activities(labels: names)
    if let subtitles { try write(activities.subtitles(), to: subtitles) }
    if let csv { try write(activities.csv(), to: csv) }
  }

  /// Reads the recording again and writes it with the results drawn on it.
  func writeVideo(
    _ result: FileRecognition.Result, activities names: [String], of source: SourceDescription, _ options: SourceOptions
  ) throws {
    guard let video else { return }
    let length = try SourceLength(source)
    var progress = RecognitionProgress("drawing", duration: length.duration)
    try AnnotatedVideo(result, labels: names).write(source.open(options), rate: length.rate, to: video) {
      progress.reached($0)
    }
    progress.finish()
  }

  private func write(_ text: String, to path: String) throws {
    try AtomicFile.write(to: path) { try $0.write(contentsOf: Data(text.utf8)) }
  }

  private static func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }
}

/// Refuses to overwrite an input.
///
/// - Throws: `ValidationError` that names the option.
func keep(_ inputs: [String?], from path: String, option: String) throws {
  guard let there = FileIdentity(path) else { return }
  guard !inputs.compactMap(\.self).compactMap(FileIdentity.init).contains(there) else {
    throw ValidationError("\(option) would overwrite \(path), which is an input; choose another name")
  }
}

/// A source's duration, as far as it is declared.
struct SourceLength {
  var duration: Duration?
  /// Average frames per second.
  var rate: Double?

  /// - Throws: `CaptureError` if the source cannot be opened.
  init(_ source: SourceDescription) throws(CaptureError) {
    switch source {
    case .media(let location):
      let information = try MediaFile(location).information
      (duration, rate) = (information.duration, information.rate)
    case .added(let added): (duration, rate) = (added.length, added.rate)
    case .camera: break
    }
  }
}
