#!/usr/bin/perl
# Goal: inputs of any length in every format, of which it is known what comes out
# and what does not. Method:
#
#     formats.pl make FORMAT N BASE    N records, about 1 % of them bad in the ways
#                                      that the format knows, into BASE.in; the
#                                      events into BASE.want, the place and bytes
#                                      of each bad one into BASE.bad
#     formats.pl letters FILE          dead letters in the form of BASE.bad
#
# The same arguments always give the same bytes.
use strict;
use warnings;

my @words = ('plain', 'two words', "\xc3\xa4\xe2\x82\xac", 'q "q"', 'a,b;c=d',
	'x' x 200, '-1.5e3x', "\xf0\x9f\x8c\x8a");
my $long = 'y' x 5000;    # above the --max-line of the test
my @broken = ("\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82");
my @months = qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);

sub json_text {
	my $s = shift;
	$s =~ s/(["\\])/\\$1/g;
	$s =~ s/\n/\\n/g;
	$s =~ s/\t/\\t/g;
	return "\"$s\"";
}

sub backslashed {
	my $s = shift;
	$s =~ s/(["\\])/\\$1/g;
	return $s;
}

# --- a good record: its bytes, and the event ---

sub good_json {
	my ($i, $w) = @_;
	my $s = "{\"id\":$i,\"w\":" . json_text($w) . ",\"n\":{\"x\":[1,2]}}";
	return ("$s\n", $s);
}

sub good_seq {
	my ($line, $event) = good_json(@_);
	return ("\x1e$line", $event);
}

sub good_csv {
	my ($i, $w) = @_;
	my $note = $i % 7 == 0 ? "one\nand two" : 'none';
	my $quoted = $w =~ s/"/""/gr;
	my $event = "{\"id\":$i,\"w\":" . json_text($w) . ',"note":' .
		json_text($note) . '}';
	my $end = $i % 5 == 0 ? "\r\n" : "\n";
	$note = "\"$note\"" if $note ne 'none';
	return ("$i,\"$quoted\",$note$end", $event);
}

sub good_tsv {
	my ($i, $w) = @_;
	my $note = $i % 7 == 0 ? "one\tand\ntwo \\" : 'none';
	my $event = "{\"id\":$i,\"w\":" . json_text($w) . ',"note":' .
		json_text($note) . '}';
	$note =~ s/\\/\\\\/g;
	$note =~ s/\t/\\t/g;
	$note =~ s/\n/\\n/g;
	return ("$i\t$w\t$note" . ($i % 5 == 0 ? "\r\n" : "\n"), $event);
}

sub good_logfmt {
	my ($i, $w) = @_;
	my $event = "{\"id\":$i,\"w\":" . json_text($w) .
		',"ok":true,"empty":"","k' . $i % 3000 . '":null}';
	return ("id=$i w=\"" . backslashed($w) . '"  ok empty= k' .
		$i % 3000 . "=null\n", $event);
}

# Seconds since 2026-01-01 as the parts of a time.
sub parts {
	my $t = shift;
	return (1 + $t / 86400 % 28, $t / 3600 % 24, $t / 60 % 60, $t % 60);
}

sub good_clf {
	my ($i, $w) = @_;
	my ($d, $h, $m, $s) = parts($i);
	my $user = $i % 11 == 0 ? '"user":"two words",' : '';
	my $event = sprintf '{"host":"2001:db8::%x",%s"time":' .
		'"2026-01-%02dT%02d:%02d:%02dZ","method":"GET","path":%s,' .
		'"protocol":"HTTP/1.1","status":200,"bytes":%d}',
		$i % 65536, $user, $d, $h, $m, $s, json_text("/$w"), $i;
	return (sprintf("2001:db8::%x - %s [%02d/Jan/2026:%02d:%02d:%02d " .
		"+0000] \"GET /%s HTTP/1.1\" 200 %d\n", $i % 65536,
		$user ? 'two words' : '-', $d, $h, $m, $s, backslashed($w), $i),
		$event);
}

sub good_combined {
	my ($i, $w) = @_;
	my ($line, $event) = good_clf(@_);
	chomp $line;
	chop $event;
	return ("$line \"-\" \"" . backslashed($w) . "\"\n",
		$event . ',"agent":' . json_text($w) . '}');
}

sub good_syslog {
	my ($i, $w) = @_;
	my ($d, $h, $m, $s) = parts($i);
	my $time = sprintf '2026-01-%02dT%02d:%02d:%02d', $d, $h, $m, $s;
	my $rest = ',"host":"h","app":"app","pid":' . $i . ',';
	my $pri = '"facility":"auth","severity":"crit"';
	my $word = backslashed($w) =~ s/\]/\\]/gr;

	return ("<34>1 ${time}.5+00:00 h app $i - [e\@1 w=\"$word\"] $w\n",
		"{\"time\":\"$time.500Z\"$rest\"data\":{\"e\@1\":{\"w\":" .
		json_text($w) . '}},"message":' . json_text($w) .
		",$pri,\"pri\":34}") if $i % 3 == 0;
	return ("$time+00:00 h app[$i]: $w\n", "{\"time\":\"${time}Z\"$rest" .
		'"message":' . json_text($w) . '}') if $i % 3 == 1;
	return (sprintf("<34>Jan %2d %02d:%02d:%02d h app[%d]: %s\n",
		$d, $h, $m, $s, $i, $w), "{\"time\":\"${time}Z\"$rest" .
		'"message":' . json_text($w) . ",$pri,\"pri\":34}");
}

sub good_lines {
	my ($i, $w) = @_;
	return ("$i $w\n", '{"line":' . json_text("$i $w") . '}');
}

sub good_regex {
	my ($i, $w) = @_;
	return ("$i $w\n", "{\"id\":$i,\"w\":" . json_text($w) . '}');
}

my %good = (json => \&good_json, seq => \&good_seq, csv => \&good_csv,
	tsv => \&good_tsv, logfmt => \&good_logfmt, clf => \&good_clf,
	combined => \&good_combined, syslog => \&good_syslog,
	lines => \&good_lines, regex => \&good_regex);

# --- bad records: what no line of a format may be ---

my $clf = 'h - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 5';
my @json = ('{"id":', '[1]', '{"a":1}}', "{\"a\":\"tab\t\"}", '{"a":01}', 'x',
	'{"a":"\\ud8"}', '{"a":1,}', '{' x 600, "\xef\xbb\xbf{}");
my %bad = (
	json => \@json,
	seq => \@json,
	csv => ['1', '1,2,3,4', '1,"x" y,z', '1,a"b,c', '1,x,"open', '"', ',,,'],
	tsv => ['1', "1\t2\t3\t4", "\t"],
	logfmt => ['=3', 'a=1 ="x"', 'a="open', 'a="x"b=1', 'a="x\\"', '"x"'],
	clf => ['nonsense', '-', $clf =~ s/10.Oct/32\/Oct/r, $clf =~ s/200/OK/r,
		$clf =~ s/ 5$//r, "$clf \"-\" \"x\"", $clf =~ s/\]//r],
	combined => ['nonsense', $clf, "$clf \"-\"", "$clf \"-\" \"x\" y",
		"$clf \"-\" \"open", $clf =~ s/13:55/25:55/r . ' "-" "x"'],
	syslog => ['<999>1 - - - - - -', '<34>1 yesterday h a - - - x',
		'<34>1 2026-01-01T00:00:00Z h a - - [x y="1" z',
		'<34>1 2026-01-01T00:00:00Z h', 'Jan 32 00:00:00 h a: x',
		'no time at all', '2026-13-01T00:00:00Z h a: x', '<34>'],
	lines => ["\xff\xfe"],
	regex => ['no number', ' 1', "\0"],
);

sub bad_record {
	my ($format, $k) = @_;
	my @own = @{ $bad{$format} };
	my $n = @own + @broken + 1;
	$k %= $n;
	return $own[$k] if $k < @own;
	return $long if $k == $n - 1;
	return 'a=' . $broken[$k - @own] . 'z';
}

sub make {
	my ($format, $n, $base) = @_;
	my ($offset, $line, $k) = (0, 1, 0);

	open my $in, '>:raw', "$base.in" or die;
	open my $want, '>:raw', "$base.want" or die;
	open my $letters, '>:raw', "$base.bad" or die;
	my $put = sub {
		print $in $_[0];
		$offset += length $_[0];
		# Sequences count texts.
		$line += $format eq 'seq' ? 1 : $_[0] =~ tr/\n//;
	};
	if ($format eq 'csv' or $format eq 'tsv') {
		$put->(join($format eq 'csv' ? ',' : "\t", qw(id w note)) . "\n");
	}
	for my $i (1 .. $n) {
		if ($i % 100 != 50) {
			my ($bytes, $event) =
				$good{$format}->($i, $words[$i % @words]);
			$put->($bytes);
			print $want "$event\n";
			next;
		}
		my $raw = bad_record($format, $k++);
		my $all = ($format eq 'seq' ? "\x1e" : '') . "$raw\n";
		my $at = $offset;
		# A text is shown without what is around it, unless it is too long.
		if ($format eq 'seq' and $raw eq $long) {
			$raw = $all;
		} elsif ($format eq 'seq') {
			$at++;
		}
		print $letters "$line\t$at\t", unpack('H*', $raw), "\n";
		$put->($all);
	}
	close $_ or die for $in, $want, $letters;
}

sub letters {
	require JSON::PP;
	require MIME::Base64;
	my $json = JSON::PP->new->utf8;

	open my $in, '<:raw', $_[0] or die "$_[0]: $!";
	while (<$in>) {
		my $d = $json->decode($_);
		my $raw = $d->{raw};
		utf8::encode($raw);
		$raw = MIME::Base64::decode_base64($d->{base64})
			if exists $d->{base64};
		print "$d->{line}\t$d->{offset}\t", unpack('H*', $raw), "\n";
	}
}

my $verb = shift // '';
if ($verb eq 'make' and @ARGV == 3 and $good{ $ARGV[0] }) {
	make(@ARGV);
} elsif ($verb eq 'letters' and @ARGV == 1) {
	letters(@ARGV);
} else {
	die "usage: formats.pl make FORMAT N BASE | letters FILE\n";
}
