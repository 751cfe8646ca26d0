#!/usr/bin/perl
# Goal: files that are rotated thousands of times while they are followed. Method:
#
#     rotate.pl HOW ROTATIONS OUT FILE...
#
# writes events {"f":FILE,"n":N} and rotates the files in turn, by HOW:
#
#     rename   FILE becomes FILE-N, and a new FILE is made
#     shift    FILE.2 becomes FILE.3, FILE.1 FILE.2, FILE FILE.1 …, as logrotate does
#     gzip     rename, and the file before it is compressed
#     delete   FILE is removed and made anew
#     copy     FILE is copied and cut
#
# The last two lose what was not read yet, so they wait until OUT holds it; the
# others go on at once. Says how many events were written.
use strict;
use warnings;
use File::Copy;
use Time::HiRes 'usleep';

my ($how, $rotations, $out, @files) = @ARGV;
my %n = map { $_ => 0 } @files;
my $total = 0;

sub put {
	my ($file, $count) = @_;

	open my $h, '>>', $file or die "$file: $!";
	for (1 .. $count) {
		$n{$file}++;
		$total++;
		print $h "{\"f\":\"$file\",\"n\":$n{$file}}\n";
	}
	close $h or die;
}

# Until OUT holds all that was written, 60 s at most.
my ($reading, $seen) = (undef, 0);
sub wait_read {
	open $reading, '<', $out or die "$out: $!" if !$reading;
	for (1 .. 60000) {
		my $bytes;

		$seen += $bytes =~ tr/\n// while sysread $reading, $bytes, 65536;
		return if $seen >= $total;
		usleep 1000;
	}
	die "$how: read $seen of $total\n";
}

sub shift_names {
	my $file = shift;

	for my $k (reverse 1 .. 4) {
		rename "$file.$k", "$file." . ($k + 1) if -e "$file.$k";
	}
	rename $file, "$file.1" or die;
}

# All are being followed, before the first one goes.
put($_, 1) for @files;
wait_read();
for my $i (1 .. $rotations) {
	my $file = $files[$i % @files];

	put($file, 1 + $i % 3);
	if ($how eq 'rename' or $how eq 'gzip') {
		rename $file, "$file-$i" or die;
	} elsif ($how eq 'shift') {
		# What falls off the end is gone: not before it was read.
		wait_read() if $i % (3 * @files) == 0;
		shift_names($file);
	} elsif ($how eq 'delete') {
		wait_read();
		unlink $file or die;
	} elsif ($how eq 'copy') {
		wait_read();
		copy($file, "$file-$i") or die;
		truncate $file, 0 or die;
	} else {
		die "no such way";
	}
	put($file, 1);
	my $old = $i - 2 * @files;
	system('gzip', "$file-$old") == 0 or die
		if $how eq 'gzip' and $i % 10 == 0 and -e "$file-$old";
}
put($_, 1) for @files;
print "$total\n";
