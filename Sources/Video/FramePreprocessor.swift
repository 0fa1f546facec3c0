/// Turns frames into samples: masks them, cuts out what is looked at, resizes it, and converts it to RGB.
///
/// Plans anew when the frames' size or format changes; otherwise nothing is allocated.
package struct FramePreprocessor: Sendable {
  private struct Plan: Sendable {
    var format: PixelFormat
    var size: FrameSize
    var output: FrameSize
    var black: [PrivacyMask.Run]
    var components: [PixelComponent]
    var resampler: Resampler
  }

  /// What the samples are.
  package let picture: SamplePicture
  private var plan: Plan?

  package init(_ picture: SamplePicture) { self.picture = picture }

  package init(_ preprocessing: ClipPreprocessing) { self.init(.clip(preprocessing)) }

  /// Masks the frame in place and writes its sample, rows of RGB pixels; `pixels` becomes as long as the sample.
  ///
  /// - Returns: the sample's size.
  /// - Throws: `VideoError` when the frame does not hold its picture; frame and `pixels` are untouched then.
  @discardableResult
  package mutating func process(_ frame: inout Frame, into pixels: inout [UInt8]) throws(VideoError) -> FrameSize {
    try frame.validatePlanes()
    if plan?.format != frame.format || plan?.size != frame.size {
      let output = picture.size(of: frame.size)
      plan = Plan(
        format: frame.format, size: frame.size, output: output, black: picture.mask.runs(in: frame.size),
        components: frame.format.components,
        resampler: Resampler(frame.format, frame.size, rectangle: picture.rectangle(in: frame.size), output: output))
    }
    guard let output = plan?.output else { preconditionFailure("the frame was planned for") }
    let count = output.width * output.height * 3
    if pixels.count != count { pixels = [UInt8](repeating: 0, count: count) }
    if let plan { frame.paintBlack(plan.black, plan.components) }
    try plan?.resampler.resample(frame, into: &pixels)
    return output
  }
}
