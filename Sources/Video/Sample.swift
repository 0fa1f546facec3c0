/// The properties of one sample, without its pixels.
package struct Sample: Equatable, Sendable {
  /// Its number since the stream started; continues across gaps.
  package var index: Int
  /// The tick it belongs to.
  package var time: Duration
  /// When the frame it shows was taken.
  package var frameTime: Duration
  /// The frame's own number.
  package var sequence: Int
  /// True for the first sample after the start, a gap or a jump of the clock: windows may start here but not cross it.
  package var beginsRun: Bool
  /// True if it shows the same frame as the previous sample.
  package var isRepeat: Bool
  /// Frames lost between the stream's start and this sample's frame; see `FrameSampler.Counters.lost`.
  package var lostBefore: Int
  /// Mean absolute difference of luma to the previous sample, in levels (0–255); 0 at the start of a run.
  package var motion: Float

  package init(
    index: Int, time: Duration, frameTime: Duration, sequence: Int, beginsRun: Bool = false, isRepeat: Bool = false,
    lostBefore: Int = 0, motion: Float = 0
  ) {
    self.index = index
    self.time = time
    self.frameTime = frameTime
    self.sequence = sequence
    self.beginsRun = beginsRun
    self.isRepeat = isRepeat
    self.lostBefore = lostBefore
    self.motion = motion
  }
}
